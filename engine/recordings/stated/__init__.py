"""Names, times and continuations as recordings state them, and their places."""
