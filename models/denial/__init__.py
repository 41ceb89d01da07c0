"""From a claim and its history to the probability that it is denied, and why."""
