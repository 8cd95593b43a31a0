"""Find the edit list behind an edited file: which span of which recording sits where, to the sample."""
