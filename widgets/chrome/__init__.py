"""What frames the work: the bars, key caps, palette, key sheet and the forms that ask."""
