"""A simulated payer: bytes in, bytes out. The one source of synthetic outcomes."""
