"""Widgets of the taste page."""
