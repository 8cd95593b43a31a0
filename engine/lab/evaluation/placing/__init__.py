"""Made days of recordings whose places are known, and how well they are proposed."""
