"""What a separation changed, in decibels."""
