"""One thing of every sort that a package can add to Offcut; see `docs/extending.md`."""
