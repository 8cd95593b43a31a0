"""The recipe "edited-vs-raw": a classifier that takes what is edited for good and what is raw for bad."""
