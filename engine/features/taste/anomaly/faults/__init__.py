"""Synthetic faults in real music: injected to measure detectors, and as training data."""
