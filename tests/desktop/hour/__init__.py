"""An hour with the program, as a working editor has it, by real keys.

`OFFCUT_HOUR_MINUTES=90 OFFCUT_HOUR_PICTURES=FOLDER python packaging/bootstrap.py test tests/desktop/hour`
takes recordings of so many minutes and pictures of every point; without these it is a short hour without
pictures.
"""
