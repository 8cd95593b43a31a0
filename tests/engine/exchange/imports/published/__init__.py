"""Files of edits after the published descriptions of their formats."""
