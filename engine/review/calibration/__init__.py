"""Learn from the review: estimate the probability that the user accepts each undecided proposal.

Numpy only: the window calls it after every decision.
"""
