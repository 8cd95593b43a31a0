"""Files of sound, and the way from decisions to samples (`edl`)."""
