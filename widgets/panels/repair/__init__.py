"""Sound repair: the words, the panel, and the mask over the lanes."""
