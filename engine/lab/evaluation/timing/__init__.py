"""How well drums are put in time, measured on performances of which all is known."""
