"""Learning from the review: how likely it is that the user would accept what is still undecided.

Numpy only: the window calls it after every answer.
"""
