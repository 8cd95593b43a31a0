"""Annotations of the recording: beats, markers, the score, and snapping."""
