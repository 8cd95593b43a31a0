"""A folder for each feature. `registry` lists the finders of all."""
