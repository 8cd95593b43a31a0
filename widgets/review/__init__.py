"""The review queue: every proposal in one list, the current one open in place."""
