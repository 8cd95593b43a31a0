"""Pictures of a recording: its peaks and its spectrogram, computed once and cached."""
