"""Keeping or taking away a sound that words name, within windows of a recording."""
