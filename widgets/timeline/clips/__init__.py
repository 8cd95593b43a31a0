"""Clips on the lanes: bars with names, edges, and their drags."""
