"""How the network of beats is trained: music made by rule with known beats, and the training itself."""
