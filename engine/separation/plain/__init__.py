"""Separators that know no words: what is in the window and not around it is what is meant."""
