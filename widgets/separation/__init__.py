"""Taking a sound out: the words for it, the panel, and what is meant drawn over the lanes."""
