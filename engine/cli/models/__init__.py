"""Verbs that learn, and what was learned."""
