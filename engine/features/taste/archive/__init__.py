"""Scoring many recordings: one after the other, by several processes, or by a cluster of machines."""
