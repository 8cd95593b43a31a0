"""Editors as choices over phrases: which are played, how much of each, how often, and in which order."""
