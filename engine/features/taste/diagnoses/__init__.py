"""Diagnose problems of a taste or of its training data by measurement."""
