"""The hits of a drum performance, and what the user confirmed of them."""
