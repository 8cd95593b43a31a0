"""Drum timing: how early and late each drum is, and how far hits are to be moved."""
