"""The recipe "own-faults": a small network trained on clean and damaged versions of the training music."""
