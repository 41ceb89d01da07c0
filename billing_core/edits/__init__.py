"""Claim edits: what would make a payer refuse the claim, found before it is sent. One file per family."""
