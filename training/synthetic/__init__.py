"""A synthetic practice: seeded patients, visits, notes and the codes a certified coder would sign."""
