"""Who made what is inside: the page, the list for programs, and the words of the licences."""

from __future__ import annotations

import json
from importlib.metadata import distribution
from pathlib import Path

import carried
import inventory
import licences
import numpy
import pytest
import soundfile
import soxr
import yaml

from tests.bundle.conftest import ROOT

TAKEN = [
    ("numpy/__init__.py", numpy.__file__),
    ("yaml/__init__.py", yaml.__file__),
    ("soxr/soxr_ext.so", soxr.__file__),
    ("_soundfile_data/libsndfile_x86_64.so", soundfile.__file__),
    ("json/__init__.py", json.__file__),
    ("resources/keys.md", str(ROOT / "resources" / "keys.md")),
]
WHEN = "2026-11-22T10:00:00Z"


@pytest.fixture(scope="module")
def found() -> list[inventory.Component]:
    return inventory.components(TAKEN, ROOT)


def test_each_file_is_given_to_who_made_it(found: list[inventory.Component]) -> None:
    assert [(one.kind, one.name.lower()) for one in found] == [
        ("distribution", "numpy"),
        ("distribution", "pyyaml"),
        ("distribution", "soundfile"),
        ("distribution", "soxr"),
        ("python", "python"),
    ]
    assert all(one.version for one in found)
    assert all(one.licence for one in found)
    assert [one.places for one in found if one.name == "numpy"] == [["numpy/__init__.py"]]


def test_a_file_of_nobody_stops_the_build(tmp_path: Path) -> None:
    stray = tmp_path / "stray.so"
    stray.touch()
    with pytest.raises(LookupError, match=r"stray\.so"):
        inventory.components([("stray.so", str(stray))], ROOT)


def test_every_package_offcut_stands_on_says_its_licence() -> None:
    lines = (line for line in distribution("offcut").requires or () if "extra ==" not in line)
    names = [line.split(">")[0].split("<")[0].split(";")[0].strip() for line in lines]
    unsaid = [name for name in names if not inventory.licence_of(distribution(name))]
    assert not unsaid


def test_the_page_names_every_component_and_what_it_carries(found: list[inventory.Component]) -> None:
    text = licences.page(found, [place for place, _ in TAKEN], "1.2.3")
    for one in found:
        assert f"| {one.name} | {one.version} | {one.licence} |" in text
    for name in ("libsndfile", "LAME", "libsoxr", "Inter", "Weights that arrange"):
        assert f"| {name} |" in text
    assert "| Qt |" not in text, "it is not among these files"


def test_the_list_for_programs_is_cyclonedx(found: list[inventory.Component]) -> None:
    made = [licences.sbom(found, [place for place, _ in TAKEN], "1.2.3", WHEN) for _ in range(2)]
    assert made[0] == made[1], "the same build gives the same list"
    told = json.loads(json.dumps(made[0]))
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    refs = [one["bom-ref"] for one in told["components"]]
    assert len(set(refs)) == len(refs)
    assert told["dependencies"] == [{"ref": "offcut", "dependsOn": refs}]
    assert {one["name"] for one in told["components"]} >= {one.name for one in found}
    for one in told["components"]:
        assert one["type"] in ("library", "data")
        assert one["licenses"][0]["license"]["name"]
    (numpy_,) = (one for one in told["components"] if one["name"] == "numpy")
    assert numpy_["purl"] == f"pkg:pypi/numpy@{numpy.__version__}"


def test_the_words_of_licences_are_copied(found: list[inventory.Component], tmp_path: Path) -> None:
    licences.copy_texts(found, tmp_path)
    assert [path for path in (tmp_path / "numpy").iterdir() if path.stat().st_size > 1000]


def test_what_the_repository_takes_from_others_is_said_where_the_list_says() -> None:
    for _, _, _, page in carried.OURS:
        assert (ROOT / page).is_file(), page
