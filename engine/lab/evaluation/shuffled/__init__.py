"""Days with shuffled dates, made by a generator of their own: is each file at its place, or marked?"""
