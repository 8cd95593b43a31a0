"""Jobs of the window: their lanes, their progress, and the stopped ones."""
