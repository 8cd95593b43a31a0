"""Pages for a browser on this machine: separate, look at a taste, score."""
