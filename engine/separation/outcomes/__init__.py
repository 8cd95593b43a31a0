"""What a separation is expected to be worth, and the blend of methods that follows from it."""
