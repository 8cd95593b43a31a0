"""List of repeated takes."""
