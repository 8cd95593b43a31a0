"""Comps of simulated rehearsals with known faults."""
