"""The beat grid as the user edits and counts it."""
