"""The sound of one track: its source, the edits over it, and audio stored with the document."""
