"""Verbs that learn tastes, editors and embeddings."""
