"""Decoders: what turns an audio file into samples. `registry` lists them; each is one module."""
