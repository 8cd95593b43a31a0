"""Find the edit list behind an edited file: positions of spans of the recordings, to the sample."""
