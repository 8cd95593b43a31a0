"""Made days of rehearsal with known truth: how well songs, takes and talk are found."""
