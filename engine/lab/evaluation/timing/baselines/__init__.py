"""What the timing is measured beside: trackers, detectors and aligners of others, and simple ones."""
