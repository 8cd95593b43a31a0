"""Tracks: the sources they place on the timeline, what their lanes show, and every way to change them."""
