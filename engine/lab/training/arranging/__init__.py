"""Editors made by rule, rehearsals they edit, and how the network learns from them."""
