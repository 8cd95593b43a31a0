"""Dialogs: for files, with questions, around forms."""
