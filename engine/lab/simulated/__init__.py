"""Simulated recordings with ground truth, for training and evaluation."""
