"""Edits by hand: their payloads, room tone for a mute, and fades at both ends."""
