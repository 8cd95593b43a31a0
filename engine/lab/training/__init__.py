"""Trainings of the weights that Offcut ships: each prints its command with ``--help``."""
