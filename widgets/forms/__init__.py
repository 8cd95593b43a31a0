"""Dialog forms: export, learning, proposals, preferences, keys."""
