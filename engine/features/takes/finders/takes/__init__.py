"""Takes: passages that were played more than once; proposals and facts about each."""
