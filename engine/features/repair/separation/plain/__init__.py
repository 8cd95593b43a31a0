"""Separators without words: the target is any sound in the window that is absent around it."""
