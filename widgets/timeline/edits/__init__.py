"""Edits on the timeline: proposals, seams, blocks of the arrangement, and the selection."""
