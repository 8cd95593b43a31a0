"""The hits of a drum performance, and the user's confirmed ones."""
