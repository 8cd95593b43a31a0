"""Widgets of the Taste page: facts and scores of a taste."""
