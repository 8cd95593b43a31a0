"""Where Offcut keeps things, and how files are written and opened: whole or not at all, within limits."""
