"""The recipe "embedding-bank": windows are compared with embeddings of the training data, without training."""
