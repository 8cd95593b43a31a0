"""Decoders turn audio files into samples. `registry` lists them; each is one module."""
