"""HTTP doors to the use cases; nothing is decided here."""
