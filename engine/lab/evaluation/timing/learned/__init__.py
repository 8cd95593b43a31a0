"""Taste learned from pairs of raw and edited drums, measured on made editors."""
