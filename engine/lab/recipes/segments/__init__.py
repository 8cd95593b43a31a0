"""Shared by recipes that score segments of log-mel frames: positions, network, storage."""
