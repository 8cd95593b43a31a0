"""What may be wrong with a taste or with what it is to be learned from, found by measurement."""
