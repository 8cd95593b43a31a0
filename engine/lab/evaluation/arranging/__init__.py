"""Agreement of arrangements with known editors."""
