"""A few numbers for a few seconds of sound: what one-class models and maps of segments work on."""
