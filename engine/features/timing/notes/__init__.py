"""Notes of bass, guitar, keys, voice and other instruments: their onsets, and where they belong."""
