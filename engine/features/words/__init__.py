"""Words: transcripts of speech, and edits by the text."""
