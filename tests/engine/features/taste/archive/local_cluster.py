"""Run a verb on a cluster of two workers, which hear of their work by TCP as on other machines do.

`python -m tests.engine.features.taste.archive.local_cluster VERB ARGUMENT...`

In a program of its own, since distributed keeps threads for as long as a program runs.
"""

from __future__ import annotations

import logging
import sys

from distributed import LocalCluster

from engine.cli.main import main

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        dashboard_address=None,
        silence_logs=logging.CRITICAL,
    ) as cluster:
        status = main([*sys.argv[1:], "--json", "--cluster", cluster.scheduler_address])
    sys.exit(status)
