"""The container: its commands, extras and files exist, and its pages are reached in one way only."""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.cli.main import VERBS, verb_named

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = ROOT / "packaging" / "Containerfile"
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]


def instructions(name: str) -> list[str]:
    """Return the arguments of all instructions of a kind, each on one line."""
    text = CONTAINERFILE.read_text("utf-8").replace("\\\n", " ")
    return re.findall(rf"^{name} (.+)$", text, re.MULTILINE)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "packaging" / "compose.yaml").read_text("utf-8"))
    return found["services"]


def served(command: list[str]) -> argparse.Namespace:
    """Return the options of a command of Offcut, which its own parser accepts."""
    program, verb, *arguments = command
    assert (program, verb in VERBS) == ("offcut", True)
    parser = argparse.ArgumentParser(exit_on_error=False)
    verb_named(verb).add_arguments(parser)
    return parser.parse_args(arguments)


def test_the_image_is_made_of_files_that_exist_and_extras_that_exist() -> None:
    copied = [name for line in instructions("COPY") for name in shlex.split(line)[:-1]]
    assert {"engine", "desktop", "widgets", "resources", "packaging", "pyproject.toml"} <= set(copied)
    assert all((ROOT / name).exists() for name in copied)
    (setup,) = [line for line in instructions("RUN") if "bootstrap.py" in line]
    script, verb, option, extras = shlex.split(setup)[1:]
    assert (ROOT / script).is_file()
    assert (verb, option, set(extras.split(",")) - set(EXTRAS)) == ("setup", "--extras", set())
    assert instructions("USER") == ["offcut"]


def test_every_service_runs_a_command_that_exists(services: dict[str, Any]) -> None:
    image_command = yaml.safe_load(instructions("CMD")[0])
    assert services["pages"]["command"][:3] == image_command[:3]
    assert served(image_command).folder == Path("/recordings")
    dask = {point.name for point in entry_points(group="dask_cli") if point.module.startswith("distributed")}
    assert "distributed" in EXTRAS["cluster"]
    for name in ("scheduler", "worker"):
        program, verb, *_arguments = services[name]["command"]
        assert (program, verb in dask) == ("dask", True)
    assert services["worker"]["deploy"]["replicas"] == 2


def test_the_pages_are_reached_from_this_machine_alone_by_the_address_that_they_print(
    services: dict[str, Any],
) -> None:
    """The door compares the port of the address; the cluster has no way in at all."""
    options = served(services["pages"]["command"])
    assert options.no_browser
    assert options.cluster == "tcp://scheduler:8786"
    (published,) = services["pages"]["ports"]
    host, outer, inner = published.split(":")
    assert (host, int(outer)) == ("127.0.0.1", options.port)
    assert services["entrance"]["network_mode"] == "service:pages"
    listening, passing_on = services["entrance"]["command"][1:]
    assert listening.split(",")[0] == f"TCP-LISTEN:{inner}"
    assert passing_on == f"TCP:127.0.0.1:{options.port}"
    assert not any("ports" in one for name, one in services.items() if name != "pages")
    assert all(one["cap_drop"] == ["ALL"] for one in services.values())
    networks = yaml.safe_load((ROOT / "packaging" / "compose.yaml").read_text("utf-8"))["networks"]
    assert all(networks[name]["internal"] for name in services["scheduler"]["networks"])
