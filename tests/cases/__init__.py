"""Files of other programs and recorders, one test module a subject; the inputs are in `inputs`."""
