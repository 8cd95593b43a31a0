"""What was played more than once: found, listed, heard in turn, and one of it kept."""
