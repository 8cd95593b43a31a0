"""What dialogs ask for: export, learning, proposing, preferences, keys."""
