"""The laboratory: measures Offcut, trains the weights that it ships, and is a part of no bundle.

It imports the product, and nothing of the product imports it.
"""
