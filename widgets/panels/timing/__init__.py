"""Drum timing: early and late hits of each drum, and their moves."""
