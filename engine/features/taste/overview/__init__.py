"""Views of a taste: facts, scores of recordings, a map of segments, two tastes compared."""
