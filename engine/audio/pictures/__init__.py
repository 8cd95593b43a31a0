"""What is drawn of a recording: its peaks and its spectrogram, made once and kept."""
