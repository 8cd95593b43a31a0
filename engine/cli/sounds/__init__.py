"""Verbs that hear what is in a recording, or take a sound out of it."""
