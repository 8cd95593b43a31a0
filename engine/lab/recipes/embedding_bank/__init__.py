"""The recipe "embedding-bank": compares windows with embeddings of the training data, without training."""
