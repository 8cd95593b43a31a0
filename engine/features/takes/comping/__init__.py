"""The best bars of several takes of one passage."""
