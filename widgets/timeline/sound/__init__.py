"""Display of sound in lanes: waveforms and spectrograms of the recording, the edits and the result."""
