"""Grids that the user brings: a click, a MIDI file, beats as another program found them."""
