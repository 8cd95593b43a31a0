"""What was played more than once: proposed, and told."""
