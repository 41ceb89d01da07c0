"""Files between us and the payers: checked before they leave, matched when they arrive."""
