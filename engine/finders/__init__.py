"""Finders: each looks for edits of one sort and proposes them. `registry` lists them; each is one module."""
