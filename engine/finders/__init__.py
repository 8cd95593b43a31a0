"""Finders: each looks for edits of one sort. `registry` lists them; each is a module or a folder."""
