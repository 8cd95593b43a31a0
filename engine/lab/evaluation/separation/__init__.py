"""Separation and detection of named sounds, against baselines and the upper bound."""
