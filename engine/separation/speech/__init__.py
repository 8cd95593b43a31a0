"""Speech as a prompt: a network that separates speech from everything else."""
