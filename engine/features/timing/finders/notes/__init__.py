"""Timing of notes: detected, placed on a grid or with another track, and proposed as moves."""
