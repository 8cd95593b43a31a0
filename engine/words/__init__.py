"""What words mean, as numbers: the space in which prompts and sounds are compared."""
