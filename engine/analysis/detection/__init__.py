"""Name the sounds in a recording."""
