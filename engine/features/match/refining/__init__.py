"""From rough places to samples: offsets, seams, gains."""
