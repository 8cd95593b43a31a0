"""The recipe "slicer-ae": an autoencoder that can only rebuild what sounds like the kept music."""
