"""Raw recordings of songs of known form, hidden editors of six families, and their figures."""
