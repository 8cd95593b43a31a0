"""Export form: request, and preview of the files."""
