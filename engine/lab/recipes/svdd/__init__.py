"""The recipe "deep-svdd": a network that draws all training data towards one point, see `objective`."""
