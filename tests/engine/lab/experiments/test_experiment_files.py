"""Experiments as files: what they inherit, and one sentence for whatever is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.errors import UsageError
from engine.lab.experiments.inheritance import merged
from engine.lab.experiments.settings import Choices, Range, load_experiment

EXAMPLES = Path(__file__).resolve().parents[4] / "resources" / "experiments"


def written(folder: Path, **files: str) -> Path:
    """Write YAML files; return the first."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder / f"{next(iter(files))}.yaml"


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        load_experiment(path)
    return str(caught.value)


def test_mappings_are_laid_over_each_other_and_all_else_is_replaced() -> None:
    base = {"settings": {"epochs": 3, "mel": {"rate_hz": 8, "n_mels": 2}}, "tune": {"a": [1, 2]}, "seed": 1}
    over = {"settings": {"mel": {"n_mels": 4}}, "tune": {"a": [3]}}
    assert merged(base, over) == {
        "settings": {"epochs": 3, "mel": {"rate_hz": 8, "n_mels": 4}},
        "tune": {"a": [3]},
        "seed": 1,
    }
    assert base["tune"] == {"a": [1, 2]}


def test_a_chain_of_bases_is_followed_and_the_nearest_counts(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    written(tmp_path / "deeper", oldest="seed: 1\naudio: takes\nsettings: {epochs: 3, dropout: 0.1}\n")
    path = written(
        tmp_path,
        heir="base: middle.yaml\nnetworks:\n  AE:\n  wide: {network: AEwRES, hidden_dims: [600, 8]}\n",
        middle="base: deeper/oldest.yaml\nsettings: {epochs: 7}\nnetworks: [Baseline]\n",
    )
    experiment = load_experiment(path)
    assert experiment.seed == 1
    assert experiment.audio == tmp_path / "deeper" / "takes"  # as the file that names it means it
    assert list(experiment.networks) == ["Baseline", "AE", "wide"]
    assert (experiment.config("AE").epochs, experiment.config("AE").dropout) == (7, 0.1)
    assert (experiment.config("AE").network, experiment.config("wide").network) == ("AE", "AEwRES")
    assert experiment.config("wide").hidden_dims == (600, 8)


def test_numbers_may_be_written_as_people_do(tmp_path: Path) -> None:
    # YAML 1.1, which PyYAML reads, takes 1e-5 for text.
    path = written(tmp_path, one="networks: [AE]\nsettings: {learning_rate: 1e-5}\n")
    assert load_experiment(path).config("AE").learning_rate == 1e-5


def test_overrides_count_most(tmp_path: Path) -> None:
    path = written(tmp_path, one="networks: {AE: {epochs: 5}}\nsettings: {epochs: 3}\n")
    assert load_experiment(path).config("AE").epochs == 5
    assert load_experiment(path).config("AE", {"epochs": 9}).epochs == 9
    assert load_experiment(path).config("Baseline").epochs == 3  # of the recipe, though not of the experiment


def test_search_spaces_are_ranges_or_choices(tmp_path: Path) -> None:
    text = "networks: [AE]\ntune:\n  dropout: {low: 0, high: 0.5}\n  batch_size: {choices: [16, 32]}\n"
    assert load_experiment(written(tmp_path, one=text)).tune == {
        "dropout": Range(low=0.0, high=0.5),
        "batch_size": Choices(choices=(16, 32)),
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("base: other.yaml\nnetworks: [AE]", "one.yaml: its base "),
        ("base: 3\nnetworks: [AE]", "base cannot be 3: give the name of one YAML file"),
        ("base: one.yaml\nnetworks: [AE]", "it is its own base (one.yaml → one.yaml)"),
        ("- a\n- b", "must hold settings"),
        ("a: [", "is not a YAML file"),
        ("", "it names no networks: add for example 'networks: [AE, AEwRES, Baseline]'"),
        ("networks: [AE]\nepochs: 3", "there is no setting 'epochs'"),
        ("networks: [AE]\nsettings: {epoch: 3}", "Network AE: there is no setting 'epoch'"),
        ("networks: {AE: {dropout: 2}}", "Network AE: dropout cannot be 2: "),
        ("networks: [GAN]", "Network GAN: say which it is, such as 'network: AE'"),
        ("networks: [../AE]", "a network is called '../AE'"),
        ("networks: [AE]\ntune: {dropout: 3}", "tune.dropout: give low and high, or choices"),
        (
            "networks: [AE]\ntune: {dropout: {low: 0.5, high: 0.1}}",
            "tune.dropout: low is 0.5, which is not below",
        ),
        (
            "networks: [AE]\ntune: {dropout: {low: 0, high: 0.1, log: true}}",
            "tune.dropout: low is 0: with log",
        ),
        ("networks: [AE]\ntune: {dropout: {low: 0, high: 2}}", "dropout cannot be 2.0"),
        ("networks: [AE]\ntune: {dropuot: {low: 0, high: 1}}", "there is no setting 'dropuot'"),
        ("networks: [AE]\ntune: {activation: {choices: [ELU, Tanh]}}", "activation cannot be 'Tanh'"),
        ("networks: [AE]\nsettings: {hop_s: 11}", "hop_s is 11, longer than window_s"),
    ],
)
def test_whatever_is_wrong_is_told_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    told = refusal(written(tmp_path, one=text))
    assert sentence in told
    assert "one.yaml" in told
    assert "\n" not in told
    assert told.endswith(".")


def test_a_circle_of_bases_is_drawn(tmp_path: Path) -> None:
    path = written(tmp_path, a="base: b.yaml\nnetworks: [AE]", b="base: c.yaml", c="base: b.yaml")
    assert "c.yaml: it is its own base (b.yaml → c.yaml → b.yaml)" in refusal(path)


def test_the_published_settings_are_the_defaults() -> None:
    experiment = load_experiment(EXAMPLES / "networks.yaml")
    assert list(experiment.networks) == ["AE", "AEwRES", "Baseline"]
    for name in experiment.networks:
        theirs, ours = experiment.config(name), type(experiment.config(name))(network=name)
        assert theirs == ours.model_copy(update={"validation_share": theirs.validation_share})
