"""Learn how an editor moves drums, from pairs of a recording and the file edited from it."""
