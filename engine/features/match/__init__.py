"""The edit behind a file, found from its recordings."""
