"""How well speech is separated and detected, on voices and backgrounds that nothing was trained on."""
