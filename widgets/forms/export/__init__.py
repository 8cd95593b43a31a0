"""What an export is to write, and what will be written: asked for, and told."""
