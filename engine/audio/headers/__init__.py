"""What the heads of sound files say: times, markers, delays, and claims held against the file."""
