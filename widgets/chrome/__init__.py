"""Frame of the window: bars, key caps, palette, key sheet and forms."""
