"""The recipe "own-faults": a small network learns the kept music against damaged versions of itself."""
