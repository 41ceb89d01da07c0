"""X12: bytes in, records out, and back. One module per implementation guide, all of the same shape."""
