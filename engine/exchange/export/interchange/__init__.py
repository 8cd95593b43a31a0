"""Projects, edit lists and labels for other programs, a module for each format."""
