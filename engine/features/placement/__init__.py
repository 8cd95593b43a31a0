"""Places of recordings on the timeline, proposed from headers, names and sound (decision 31)."""
