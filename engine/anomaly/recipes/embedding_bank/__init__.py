"""The recipe "embedding-bank": windows are compared with embeddings of what was kept; nothing is trained."""
