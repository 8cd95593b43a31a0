"""Embeddings of a few seconds of sound: the input of one-class models and maps of segments."""
