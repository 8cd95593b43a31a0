"""Figures measured in a separate process, so that its imports and memory do not affect others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from subprocess import PIPE, Popen
from tempfile import TemporaryFile
from types import MappingProxyType

from engine.core.build import module_command, module_environment
from engine.core.errors import OffcutError
from engine.lab.bench.measured import Measured


def measured_in_program(
    module: str, *arguments: str, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Measured]:
    """Yield the figures that a module of ours prints, one JSON object a line.

    Parameters
    ----------
    environment : variables in addition to those for imports

    Raises
    ------
    OffcutError : it failed
    """
    command = module_command(module, *arguments)
    with (
        TemporaryFile("w+") as said,
        Popen(
            command, stdout=PIPE, stderr=said, text=True, env={**module_environment(), **environment}
        ) as program,
    ):
        assert program.stdout is not None, "a pipe was asked for"
        for line in program.stdout:
            yield Measured(**json.loads(line))
        if program.wait():
            said.seek(0)
            reason = (said.read().strip().splitlines() or ["it said nothing"])[-1]
            raise OffcutError(f"Measuring failed in {module}: {reason}.")
