"""How well the edit behind a file is found again, on edits of which all is known."""
