"""What sounds on one track: its source, what is laid over it, and audio stored with the document."""
