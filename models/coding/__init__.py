"""From a clinical note to suggested codes, each with its evidence."""
