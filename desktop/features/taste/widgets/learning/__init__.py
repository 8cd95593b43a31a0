"""Learning on its way: the panel, and the losses."""
