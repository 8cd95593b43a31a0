"""Networks that assign each stroke to a line: inputs, training, and aligners (decision 33)."""
