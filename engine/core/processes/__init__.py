"""Other processes, threads and memory."""
