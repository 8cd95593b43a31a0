"""Analyses that several features need: the signal, beats, sounds by name, embeddings, learning."""
