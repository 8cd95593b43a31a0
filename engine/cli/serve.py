"""``offcut serve [FOLDER]``: pages for a browser on this machine."""

from __future__ import annotations

import argparse
import webbrowser
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from engine.cli.arguments import whole_from_0
from engine.cli.output import VerbOutput
from engine.core.build import how_to_add
from engine.core.errors import UsageError
from engine.core.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="FOLDER",
        help="folder of the recordings and tastes that the pages list; no other file is read",
    )
    parser.add_argument("--port", type=whole_from_0, default=0, metavar="N", help="default: any free port")
    parser.add_argument(
        "--cluster",
        default="",
        metavar="tcp://HOST:PORT",
        help="compare recordings with the workers of a dask cluster (offcut[cluster])",
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:  # noqa: ARG001
    """Serve until Ctrl+C; the address is printed once it can be opened."""
    for name in ("starlette", "uvicorn"):
        try:
            import_module(name)
        except ImportError as error:
            raise UsageError(f"Pages need more packages: {how_to_add('web')}.") from error
    from engine.core.memory import keep_large_apart
    from engine.web.server import Serving, ended_by_signals

    keep_large_apart()
    serving = Serving(options.folder, options.port, cluster=options.cluster)
    with ended_by_signals(serving):
        yield VerbOutput(
            {"address": serving.address},
            f"{serving.address}\nOnly this machine is answered. It ends when it is interrupted here.",
        )
        if not options.no_browser:
            webbrowser.open(serving.entrance().as_uri())
        serving.run()
