"""Drums put in time: what is heard of them, where each hit goes, files written aligned."""
