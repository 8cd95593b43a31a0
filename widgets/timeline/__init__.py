"""The timeline: lanes, score, grid and proposals over one window of time."""
