"""Rehearsals in which it is known what was played again."""
