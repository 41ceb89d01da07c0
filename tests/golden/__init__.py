"""Golden files, one folder per guide: `pass/` are accepted, `fail/` are refused for the rule their .expect names."""
