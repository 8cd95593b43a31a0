"""Words in the window: the transcript next to the timeline, and edits by its text."""
