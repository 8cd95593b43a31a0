"""How well speech becomes text: words, their edges, repeated sentences and hesitations."""
