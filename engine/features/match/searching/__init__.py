"""Which raw recording an edited file follows when, roughly: candidates, and the likeliest way."""
