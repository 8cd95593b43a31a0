"""The recipe "deep-svdd": a network that draws everything kept towards one point, see `objective`."""
