"""Projects for other programs: clips with their media, in samples or frames, and seams between them."""
