"""Compare recordings by a cluster of two workers; print how many this program scored itself.

`python -m tests.engine.web.compared_on_cluster FOLDER TASTE NAME...`

In a program of its own, since distributed keeps threads for as long as a program runs.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from distributed import LocalCluster

from engine.core.progress import SILENT
from engine.features.taste.overview.jobs import score_sound
from engine.web.comparing import Compared, compared
from engine.web.session import Session
from tests.counting import calls_of

if __name__ == "__main__":
    root, taste, *names = sys.argv[1:]
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        dashboard_address=None,
        silence_logs=logging.CRITICAL,
    ) as cluster:
        session = Session(Path(root), cluster=cluster.scheduler_address)
        asked = Compared(recordings=[session.pick(name).key for name in names], tastes=[taste])
        here = calls_of(lambda: compared(session, asked, SILENT), score_sound)
        shown = compared(session, asked, SILENT)
        session.close()
    print(json.dumps({"here": here, "passages": shown["passages"], "left_out": shown["left_out"]}))
