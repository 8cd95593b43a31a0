"""The panel of repairs."""
