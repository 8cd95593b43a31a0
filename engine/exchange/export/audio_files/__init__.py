"""Audio files: their samples, ranges, fades, gain, clipping and plan."""
