"""Jams of known form and hidden editors that edit them, which judge a learned editor."""
