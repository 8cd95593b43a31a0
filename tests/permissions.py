"""Let another user of the machine find a folder of the tests."""

from __future__ import annotations

import stat
from pathlib import Path


def let_others_through(folder: Path) -> None:
    """Open a folder and all above it to other users; side by side, tests have one more above them."""
    for each in (folder, *folder.parents):
        if not each.stat().st_mode & stat.S_IXOTH:
            each.chmod(0o755)
