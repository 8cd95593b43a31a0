"""The day in the window: preparing it, and its overview."""
