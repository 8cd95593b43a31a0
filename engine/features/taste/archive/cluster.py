"""Score recordings with the workers of a dask cluster (extra `offcut[cluster]`).

A worker needs Offcut installed and the recordings under the same paths as here, as in a shared folder; the
taste itself is sent to it once. Recordings are not sent: they are large, and each would pass through this
machine. So that no worker scores another file that happens to have the same path, sizes are compared.
"""

from __future__ import annotations

import socket
from collections.abc import Generator, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.core.errors import OffcutError, UsageError
from engine.core.files.safe_write import shown
from engine.core.processes.own_program import how_to_add
from engine.features.taste.anomaly.taste import Taste, taste_from_bytes
from engine.features.taste.archive.in_order import Pending, in_order
from engine.features.taste.archive.outcome import Outcome, Refused, score_recording

if TYPE_CHECKING:
    from distributed import Client

_AHEAD_PER_THREAD = 3
_CONNECT_S = 10


def score_on_cluster(taste_path: Path, paths: Iterable[Path], address: str) -> Generator[Outcome, None, None]:
    """Score recordings with all workers of a cluster; results come in order.

    Parameters
    ----------
    address : of the scheduler, such as ``tcp://192.168.1.20:8786``

    Raises
    ------
    UsageError : the extra is not installed, no scheduler answers there, or it has no workers
    OffcutError : the cluster lost the work
    """
    content = taste_path.read_bytes()
    with _client(address) as client:
        from distributed import CancelledError, KilledWorker

        threads = sum(client.ncores().values())
        if not threads:
            raise UsageError(f"The cluster at {address} has no workers: start some, then try again.")
        sent = client.scatter(content, broadcast=True, hash=False)

        def submit(path: Path) -> Pending[Outcome]:
            whole = path.absolute()
            pending: Pending[Outcome] = client.submit(
                _score_on_worker, sent, taste_path, path, whole, _size(whole), pure=False
            )
            return pending

        try:
            yield from in_order(submit, paths, _AHEAD_PER_THREAD * threads)
        except (CancelledError, KilledWorker, OSError) as error:
            raise OffcutError(
                f"The cluster at {address} lost its workers or its scheduler: start them, then score again."
            ) from error


def _client(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(f"Scoring on a cluster needs more packages: {how_to_add('cluster')}.") from error
    _knock(address)
    return Client(address, timeout=_CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]


def _knock(address: str) -> None:
    """Check that a scheduler listens: a client without one leaves a thread and logs errors later."""
    try:
        parts = urlsplit(address)
        socket.create_connection((parts.hostname or "", parts.port or 0), _CONNECT_S).close()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"No cluster answers at {address!r}: give the address its scheduler shows, such as tcp://HOST:8786."
        ) from error


def _size(path: Path) -> int | None:
    """Return the size of a file in bytes; workers report files that cannot be read here."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _score_on_worker(
    content: bytes, taste_path: Path, given: Path, path: Path, size_bytes: int | None
) -> Outcome:
    """Score a recording on a worker."""
    if size_bytes is not None and _size(path) != size_bytes:
        return Refused(
            given,
            f"{shown(path)} is missing or another file on the worker: share the folder under one path.",
        )
    return replace(score_recording(_taste(content, taste_path), path), path=given)


@lru_cache(maxsize=1)
def _taste(content: bytes, path: Path) -> Taste:
    """Read a taste once for all recordings that follow; a worker holds its bytes as one object."""
    return taste_from_bytes(content, path)
