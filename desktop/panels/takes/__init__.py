"""Repeated takes: found, listed, played in turn, and one of them chosen."""
