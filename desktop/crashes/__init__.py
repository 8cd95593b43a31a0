"""What stays of a crash: the notes of a window, the report made of them, the offer at the next start."""
