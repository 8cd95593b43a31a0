"""A folder for each finder that has a panel of its own."""
