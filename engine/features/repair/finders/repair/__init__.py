"""Repair: removes sounds that words or an example name, or all else."""
