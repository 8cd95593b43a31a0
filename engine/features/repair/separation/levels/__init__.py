"""Level changes of a separation, in decibels."""
