"""How loud it is: programme loudness, true peak, and the peaks of each track."""
