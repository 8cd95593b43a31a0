"""Repairs by words, example and paint."""
