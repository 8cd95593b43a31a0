"""How well named sounds are taken apart and told, beside plain methods and the ceiling."""
