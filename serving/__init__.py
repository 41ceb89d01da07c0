"""The doors: commands and HTTP, over use cases, over the store."""
