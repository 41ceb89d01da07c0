"""One module per revision, in order: 0001 the tables, 0002 the seals."""
