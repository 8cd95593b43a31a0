"""How well takes and false starts are found, where it is known what was played again."""
