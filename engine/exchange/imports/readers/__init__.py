"""One module for each format that edits are read from."""
