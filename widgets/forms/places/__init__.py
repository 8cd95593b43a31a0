"""Where imported files are placed: a picture, and a row for each file."""
