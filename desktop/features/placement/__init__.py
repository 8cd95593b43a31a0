"""Places of recordings on the timeline."""
