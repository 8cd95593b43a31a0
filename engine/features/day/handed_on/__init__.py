"""Takes handed on: files with names and tags, a quick mix, and a page for the band."""
