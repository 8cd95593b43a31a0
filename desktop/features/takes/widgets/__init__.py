"""The panel of takes."""
