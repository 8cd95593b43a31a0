"""Files of other programs, and audio files: imports and exports."""
