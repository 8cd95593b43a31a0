"""What measures the recording: beats, markers, the score, and what falls onto them."""
