"""How well sounds are named in clips and found by name in interviews."""
