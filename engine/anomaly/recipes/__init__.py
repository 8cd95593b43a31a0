"""The ways to learn a taste: a folder each of what is its own, over parts that several share."""
