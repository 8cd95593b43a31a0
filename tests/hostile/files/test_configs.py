"""Settings and results that are no such thing: one sentence, soon, and before anything heavy is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.errors import UsageError
from engine.core.files.settings_file import MOST_BYTES
from engine.core.files.text import parse_json
from engine.features.taste.anomaly.recipes.config import load_config
from engine.lab.evaluation.results import Results
from engine.lab.experiments.record import HISTORY, TASTE, finished
from engine.lab.experiments.settings import load_experiment

ROOT = Path(__file__).resolve().parents[3]

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MERGED_LAUGHS = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
)
LONG_LAUGHS = f"a: &a {'x' * 30_000}\nepochs: [{', '.join(['*a'] * 5_000)}]\n"
STEPS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 1_000)) + "epochs: *a999"

# What a file says, and what has to be said of it.
WRONG: dict[str, tuple[str | bytes, str]] = {
    "list as recipe": ("recipe: [a]", "recipe cannot be ['a']: choose own-faults or "),
    "mapping as recipe": ("recipe: {a: b}", "recipe cannot be {'a': 'b'}: choose "),
    "nothing as recipe": ("recipe:", "recipe cannot be None: choose "),
    "long recipe": (f"recipe: {'x' * 50_000}", "recipe cannot be 'xxxxx"),
    "impossible date": ("epochs: 2024-02-30", "epochs cannot be '2024-02-30': "),
    "date": ("epochs: 2024-02-29", "epochs cannot be '2024-02-29': "),
    "impossible time": ("epochs: 2024-01-01 99:99:99", "epochs cannot be '2024-01-01 99:99:99': "),
    "tagged date": ("epochs: !!timestamp soon", "(line 1): "),
    "tagged number": ("a: 1\nepochs: !!int many", "(line 2): "),
    "tagged nothing": ("epochs: !!int ''", "(line 1): "),
    "tagged truth": ("epochs: !!bool perhaps", "(line 1): "),
    "tagged bytes": ("epochs: !!binary aGVsbG8=", "(line 1): "),
    "tagged set": ("epochs: !!set {a, b}", "(line 1): "),
    "tagged code": ("epochs: !!python/object/apply:os.system [true]", "(line 1): "),
    "no digits": ("epochs: 0b_", "(line 1): "),
    "many digits": (f"epochs: {'1' * 5_000}", "(line 1): "),
    "large number": (f"epochs: {'1' * 4_000}", "epochs cannot be 1111"),
    "large float": (f"learning_rate: {'1' * 4_000}", "learning_rate cannot be "),
    "deep list": ("epochs: " + "[" * 30_000, "nested more than"),
    "deep mapping": ("epochs: " + "{a: " * 10_000, "nested more than"),
    "deep blocks": ("- " * 30_000, "nested more than"),
    "deep keys": ("? " * 30_000, "nested more than"),
    "deep aliases": (STEPS, "nested more than"),
    "laughs": (LAUGHS, "expands to too much"),
    "laughs by merging": (MERGED_LAUGHS, "expands to too much"),
    "long laughs": (LONG_LAUGHS, "expands to too much"),
    "a list in itself": ("epochs: &a [*a]", "holds itself"),
    "a mapping in itself": ("mel: &a {b: *a}", "holds itself"),
    "merged with itself": ("&a\nepochs: 3\nmel: {<<: *a}", "holds itself"),
    "no anchor": ("epochs: *nowhere", "(line 1): "),
    "list as name": ("? [a]\n: b", "(line 1): "),
    "number as name": ("1: 2", "must hold settings"),
    "long name": (f"{'x' * 100}: 2", "there is no setting 'xxxx"),
    "name of two lines": ('"a\\nb": 2', "there is no setting 'a\\nb'"),
    "NUL": ('embedding: "a\\0b"', "(line 1): "),
    "half a character": ('embedding: "\\ud800"', "(line 1): "),
    "escape": ("epochs: \x1b[2J", "is not a YAML file"),
    "two documents": ("epochs: 1\n---\nepochs: 2", "is not a YAML file (line 2): "),
    "10 MB": (b"epochs: 3\n" + b"# padding\n" * 1_000_000, "is longer than 64 KiB"),
    "a byte too much": (b"# " + b"x" * (MOST_BYTES - 1), "is longer than 64 KiB"),
    "noise": (bytes(range(256)), "is not a YAML file"),
}


@pytest.mark.parametrize("load", [load_config, load_experiment])
@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_in_one_sentence(
    case: str, load: Callable[[Path], object], tmp_path: Path
) -> None:
    content, words = WRONG[case]
    path = tmp_path / "wrong 'quoted' 🎸.yaml"
    path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    with pytest.raises(UsageError) as caught:
        load(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert len(sentence) < 600 + len(str(path))
    assert sentence.isprintable()
    assert sentence.endswith(".")
    told_of_any_file = not words.startswith(("recipe", "epochs", "learning", "there is no"))
    if load is load_config or told_of_any_file:
        assert words in sentence


def test_what_is_written_once_and_used_twice_is_read(tmp_path: Path) -> None:
    path = tmp_path / "experiment.yaml"
    path.write_text(
        "settings: &all {epochs: 3, mel: {rate_hz: 16000}}\n"
        "networks:\n  AE: &wide {<<: *all, hidden_dims: [600, 8]}\n  AEwRES: *wide\n"
    )
    experiment = load_experiment(path)
    assert experiment.config("AEwRES").hidden_dims == (600, 8)
    assert experiment.config("AE").mel.rate_hz == 16_000


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(b"epochs: 3\n#".ljust(MOST_BYTES, b"x"))
    assert load_config(path).epochs == 3


def _looped(path: Path) -> Path:
    path.symlink_to(path)
    return path


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


posix = pytest.mark.skipif(os.name != "posix", reason="there are no such files")


@posix
@pytest.mark.parametrize("load", [load_config, load_experiment])
@pytest.mark.parametrize(
    "make",
    [lambda _: Path("/dev/zero"), lambda path: path.parent, _looped, _pipe, lambda path: path / "\0"],
    ids=["device", "folder", "loop", "pipe", "NUL"],
)
def test_what_is_no_ordinary_file_is_not_read(
    make: Callable[[Path], Path], load: Callable[[Path], object], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"cannot be read: .*\.$"):
        load(make(tmp_path / "recipe.yaml"))


# Experiments that inherit.


def inheriting(folder: Path, base: str) -> str:
    path = folder / "one.yaml"
    path.write_text(f"base: {base}\nnetworks: [AE]\n")
    with pytest.raises(UsageError) as caught:
        load_experiment(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()
    return str(caught.value)


@posix
def test_bases_that_are_none(tmp_path: Path) -> None:
    _looped(tmp_path / "loop.yaml")
    _pipe(tmp_path / "pipe.yaml")
    (tmp_path / "link.yaml").symlink_to("one.yaml")
    (tmp_path / "deep.yaml").write_text("settings: " + "[" * 30_000)
    assert "/dev/zero cannot be read" in inheriting(tmp_path, "/dev/zero")
    for name in ("missing.yaml", "loop.yaml", "pipe.yaml", "."):
        assert "cannot be read" in inheriting(tmp_path, name)
    assert "deep.yaml" in inheriting(tmp_path, "deep.yaml")
    assert "it is its own base" in inheriting(tmp_path, "link.yaml")
    assert "base cannot be 'xxxx" in inheriting(tmp_path, "x" * 10_000)
    assert "base cannot be ['a', 'b']" in inheriting(tmp_path, "[a, b]")


def test_a_chain_of_bases_has_an_end(tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / f"{number}.yaml").write_text(f"base: {number + 1}.yaml\nnetworks: [AE]\n")
    with pytest.raises(UsageError, match=r"0\.yaml: .*16 bases.*\.$") as caught:
        load_experiment(tmp_path / "0.yaml")
    assert len(str(caught.value)) < 300 + len(str(tmp_path))
    (tmp_path / "8.yaml").write_text("seed: 5")
    assert load_experiment(tmp_path / "0.yaml").seed == 5


@pytest.mark.parametrize(
    "text",
    [
        "networks: {1: {}}",
        "networks: {AE: {1: 2}}",
        "networks: [[a]]",
        "networks: {AE: 3}",
        "networks: 3",
        "networks: [AE]\nsettings: {1: 2}",
        "networks: [AE]\nsettings: []",
        "networks: [AE]\ntune: {dropout: {low: 0, high: 1, 3: 4}}",
        "networks: [AE]\ntune: {dropout: {choices: []}}",
        "networks: [AE]\ntune: {3: {low: 0, high: 1}}",
        "networks: [AE]\ntune: [dropout]",
        "networks: [AE]\naudio: [a]",
        "networks: [AE]\nseed: -1",
        f"networks: [{'x/' * 1_000}]",
        "networks: [AE]\nsettings: {epochs: 2024-02-30}",
    ],
)
def test_experiments_of_another_shape(text: str, tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load_experiment(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(path))
    assert str(caught.value).isprintable()


# The verbs.

VERBS: dict[str, tuple[str, ...]] = {
    "learn": ("learn", "in.wav", "--out", "new.taste", "--config", "wrong.yaml"),
    "evaluate": ("evaluate", "anomaly", "--data", ".", "--config", "wrong.yaml"),
    "experiment run": ("experiment", "run", "wrong.yaml"),
    "experiment tune": ("experiment", "tune", "wrong.yaml", "--trials", "1"),
    "experiment train": ("experiment", "train", "right.yaml", "--set", "epochs=2024-02-30"),
    "experiment nest": ("experiment", "train", "right.yaml", "--set", f"epochs={'[' * 5_000}"),
    "experiment number": ("experiment", "train", "right.yaml", "--set", f"epochs={'1' * 5_000}"),
}
SEEN = """
import sys
from engine.cli.main import main
status = main(sys.argv[1:])
print(status, *(name for name in ("torch", "librosa", "scipy", "soundfile") if name in sys.modules))
"""


@pytest.mark.parametrize("verb", VERBS)
def test_it_is_told_before_anything_heavy_is_imported(verb: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(LAUGHS)
    (tmp_path / "right.yaml").write_text("networks: [AE]\naudio: .\n")
    done = subprocess.run(
        [sys.executable, "-c", SEEN, *VERBS[verb]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "2\n", done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert len(done.stderr) < 500
    assert sorted(path.name for path in tmp_path.iterdir()) == ["right.yaml", "wrong.yaml"]


# JSON.


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 33 + "]" * 33,
        "NaN",
        "[-Infinity]",
        '{"a": 1e999}',
        "[" + "1" * 5_000 + "]",
        "",
        "{",
        b"\xff\xfe{",
        b"\x80",
    ],
)
def test_json_is_strict(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


def test_json_that_is_right_is_read() -> None:
    said = {"a": [1, 2.5, None, True, "x" * 100_000], "b": {"c": []}, "d": 10**300}
    assert parse_json(json.dumps(said)) == said
    assert parse_json("[" * 32 + "]" * 32) == json.loads("[" * 32 + "]" * 32)


TRIAL = {
    "version": 1,
    "key": {"row": "a", "digest": "b", "material": "c", "data": "d", "seed": 1},
    "group": "g",
    "learned_s": 1.0,
    "measured": [{"name": "n", "figures": {"auc": 0.5}, "kinds": {}}],
}


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        "[]",
        "3",
        json.dumps({**TRIAL, "learned_s": float("nan")}),
        json.dumps({**TRIAL, "measured": [{"name": "n", "figures": {"auc": float("inf")}}]}),
        json.dumps({**TRIAL, "measured": [{"name": "n", "figures": ["auc"]}]}),
        json.dumps({**TRIAL, "measured": {"name": "n"}}),
        json.dumps({**TRIAL, "key": {**TRIAL["key"], "seed": [1]}}),  # type: ignore[dict-item]
        json.dumps({**TRIAL, "key": []}),
    ],
)
def test_results_that_are_none_are_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(json.dumps(TRIAL) + "\n" + line + "\n")
    with pytest.raises(UsageError, match="line 2, is no result of an evaluation") as caught:
        Results(path)
    assert str(path) in str(caught.value)
    assert len(Results(_with(tmp_path, TRIAL)).trials()) == 1


def _with(folder: Path, said: object) -> Path:
    path = folder / "right.jsonl"
    path.write_text(json.dumps(said) + "\n")
    return path


@posix
def test_results_without_end_are_not_read(tmp_path: Path) -> None:
    for path in (Path("/dev/zero"), _pipe(tmp_path / "pipe")):
        with pytest.raises(UsageError, match="cannot be read: "):
            Results(path)
    large = tmp_path / "large.jsonl"
    with large.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(UsageError, match=r"large\.jsonl is longer than"):
        Results(large)


@pytest.mark.parametrize(
    "said",
    ["[" * 100_000, "[]", '{"fingerprint": "f", "objective": 3}', '{"fingerprint": "f", "objective": [], '
     '"best_epoch": 1, "validation": NaN, "planted_auc": 0.5}'],
)  # fmt: skip
def test_a_history_that_is_none_counts_as_not_finished(said: str, tmp_path: Path) -> None:
    (tmp_path / TASTE).write_bytes(b"")
    (tmp_path / HISTORY).write_text(said)
    assert finished("AE", tmp_path, "f") is None
