"""The recipe "slicer-ae": an autoencoder that only reconstructs sounds like the training music."""
