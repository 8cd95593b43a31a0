"""Arrange a whole document as an editor model would."""
