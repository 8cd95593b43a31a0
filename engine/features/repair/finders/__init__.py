"""Finders of sounds: by words, by example, and talk."""
