"""Tracks: the sources they place on the timeline, the display of their lanes, and the edits of both."""
