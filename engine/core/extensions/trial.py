"""Import extensions one by one and print the problem of each: a program for
`engine.core.extensions.probe`."""

from __future__ import annotations

import json
import os
import sys

from engine.core.extensions import import_untried, trouble_of
from engine.core.extensions.names import all_named


def _main(words: str) -> None:
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what a package prints is no answer
    import_untried()
    wanted = {tuple(one): None for one in json.loads(words)}
    known = {(one.group, one.name, one.package, one.value): one for one in all_named()}
    for key in wanted:
        print(json.dumps(trouble_of(known[key])), file=own, flush=True)
    own.flush()
    os._exit(0)  # threads that a package began are not waited for


if __name__ == "__main__":
    _main(sys.argv[1])
