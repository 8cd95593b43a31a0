"""How near arrangements come to what editors would do, where it is known."""
