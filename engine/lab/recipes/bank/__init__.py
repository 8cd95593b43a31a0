"""The recipe "memory-bank": distance of windows of sound from the training data, three measures."""
