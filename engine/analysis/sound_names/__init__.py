"""Text embeddings: the space in which prompts and sounds are compared."""
