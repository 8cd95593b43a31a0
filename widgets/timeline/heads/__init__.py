"""The column left of the lanes: what is heard of each track, and how its lane looks."""
