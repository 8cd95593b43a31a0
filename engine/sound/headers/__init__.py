"""Headers of sound files: times, markers, delays, and checks of their claims against the file."""
