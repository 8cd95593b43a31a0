"""Column left of the lanes: controls and levels of each track, and the height of its lane."""
