"""Training, the synthetic practice and the simulated payer. Reads folders, never the store; nothing imports it."""
