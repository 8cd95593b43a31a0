"""Keys: how they are written and painted, and which of them a widget keeps for itself."""
