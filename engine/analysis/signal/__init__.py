"""Audio features: loudness, onsets, mel spectra, pauses and faults of channels."""
