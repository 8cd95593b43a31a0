"""What lanes show of the sound: waveforms and spectrograms, recorded, edited, and of the result."""
