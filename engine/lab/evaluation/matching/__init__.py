"""Recovery of the edit behind a file, on simulated edits."""
