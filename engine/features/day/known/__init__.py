"""Songs that the user's band knows: their fingerprints, the library, and the search of archives."""
