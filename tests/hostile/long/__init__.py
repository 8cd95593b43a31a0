"""Broken files of every kind the program reads, made by the thousand: `python -m tests.hostile.long`."""
