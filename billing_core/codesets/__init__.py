"""Dated code tables: readers of compact, memory-mapped, read-only files."""
