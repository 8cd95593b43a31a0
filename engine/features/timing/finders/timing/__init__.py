"""Timing: drum hits detected, laid on a grid or a groove, and written as aligned files."""
