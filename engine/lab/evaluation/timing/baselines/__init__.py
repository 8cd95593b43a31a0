"""Baselines of timing: published trackers, detectors and aligners, and simple ones."""
