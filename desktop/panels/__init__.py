"""Finders, and a folder for each that has a panel or a form of its own."""
