"""Editors: their training pairs, a summary of the learned style, and comparison of two arrangements."""
