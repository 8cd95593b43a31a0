"""Rehearsals with known repetitions."""
