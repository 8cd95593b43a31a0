"""Verbs of the laboratory: how well and how fast Offcut works, and networks compared."""
