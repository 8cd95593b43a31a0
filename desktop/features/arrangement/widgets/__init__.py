"""Panels of arrangements and learned editors."""
