"""Reading edits back."""
