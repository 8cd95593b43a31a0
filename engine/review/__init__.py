"""The queue, learning from its answers, and edits by hand."""
