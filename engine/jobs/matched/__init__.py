"""The edit behind a file, made the edit of a document."""
