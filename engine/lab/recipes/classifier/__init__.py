"""The recipe "edited-vs-raw": a classifier that takes edited audio as good and raw audio as bad."""
