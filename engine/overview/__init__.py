"""What there is to see of a taste: facts, scores of recordings, a map of stretches, two tastes compared."""
