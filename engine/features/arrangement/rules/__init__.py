"""Editors as rules over the form of a recording: which sections are played, how often, and in which order."""
