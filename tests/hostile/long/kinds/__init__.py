"""What can be broken, a module each: what is sound, how it is broken, and what is then done with it."""
