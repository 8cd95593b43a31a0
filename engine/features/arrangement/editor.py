"""An editor model: learned from a person's edits, and stored in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from engine.analysis.found_takes import FoundTakes
from engine.analysis.learning.loop import few_threads, seeded, with_weights
from engine.core.build import RESOURCES
from engine.core.errors import OffcutError
from engine.core.files.regular_file import open_regular
from engine.core.files.safe_write import replacing
from engine.core.memory import raise_shortage
from engine.core.progress import SILENT, Progress
from engine.features.arrangement.choices.search import orders_by as orders_by_operations
from engine.features.arrangement.choices.units import units_of
from engine.features.arrangement.decode import Bounds, Decoded, Scores, decode, scores_of, several
from engine.features.arrangement.habits import Habits
from engine.features.arrangement.methods import BY_NETWORK, METHODS, NETWORK, RULES, Method, method_of
from engine.features.arrangement.network import (
    Adapter,
    ArrangingNetwork,
    Pair,
    Read,
    edit_loss,
    example_states,
    group_loss,
    tensors_of,
)
from engine.features.arrangement.references import keeping_references
from engine.features.arrangement.rules.learned import arrangements_by
from engine.features.arrangement.rules.outline import outlines_of
from engine.features.arrangement.rules.search import VERSION as RULES_VERSION
from engine.features.arrangement.rules.search import Fitting
from engine.features.arrangement.rules.search import orders_by as orders_by_rules
from engine.features.arrangement.step_features import COLUMNS, StepFeatures
from engine.features.arrangement.steps import Order, Section, Steps, plays

SUFFIX = ".editor"
_METHOD = TypeAdapter(Method)
WEIGHTS = RESOURCES / "models" / "arranging.safetensors"
_FORMAT = 1
_STEPS, _RATE = 60, 1e-2
_AT_ONCE = 4
_TO_CHECK = 3
_DECAY = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Editor:
    """An editor model: its example edits, and the weights adapted to them.

    Attributes
    ----------
    pairs : at least one
    habits : statistics of the edits, in words; None in an older file
    method : by which it arranges
    has_old_rules : whether its file has rules of another version, which cannot be used
    """

    name: str
    pairs: tuple[Pair, ...]
    adapter: Adapter
    habits: Habits | None = None
    method: Method = BY_NETWORK
    has_old_rules: bool = False


@lru_cache(maxsize=1)
def shipped_network() -> ArrangingNetwork:
    """Return the network that comes with Offcut.

    Raises
    ------
    OffcutError : it is missing or damaged
    """
    return with_weights(ArrangingNetwork(), WEIGHTS, "arrangements")


@lru_cache(maxsize=1)
def _network_known_by() -> str:
    """Return the digest of the network that comes with Offcut, to detect other versions."""
    return blake2b(WEIGHTS.read_bytes() if WEIGHTS.exists() else b"", digest_size=16).hexdigest()


def learn_editor(
    pairs: Sequence[Pair],
    name: str,
    network: ArrangingNetwork,
    progress: Progress = SILENT,
    *,
    steps: int = _STEPS,
    seed: int = 0,
) -> Editor:
    """Learn how an editor arranges: by the method that predicts its pairs best.

    If that is the network, it is adapted to the pairs.

    Raises
    ------
    Cancelled : the user asked for it
    """
    with seeded(seed):
        method = method_of(pairs, partial(_order_like, network), seed, progress.part(0.0, 0.5))
    adapter = Adapter()
    if method.name == NETWORK:
        adapter = adapter_of(pairs, network, progress.part(0.5, 1.0), steps=steps, seed=seed)
    return Editor(name, tuple(pairs), adapter.requires_grad_(False), method=method)


def adapter_of(
    pairs: Sequence[Pair],
    network: ArrangingNetwork,
    progress: Progress = SILENT,
    *,
    steps: int = _STEPS,
    seed: int = 0,
) -> Adapter:
    """Adapt the network to an editor: each pair is learned with the others as examples.

    With three pairs or more, one is first held out: if the adapter is worse on it than the others as plain
    examples, nothing is adapted.

    Raises
    ------
    Cancelled : the user asked for it
    """
    held = [value.requires_grad for value in network.parameters()]
    with few_threads(), seeded(seed):
        network.requires_grad_(False)
        try:
            read = [Read.of(network, tensors_of(pair.heard), pair.order) for pair in pairs]
            if len(read) >= _TO_CHECK and not _helps(network, read, steps, seed, progress.part(0.0, 0.5)):
                return Adapter()
            return _adapted(network, read, steps, seed, progress.part(0.5, 1.0))
        finally:
            for value, was in zip(network.parameters(), held, strict=True):
                value.requires_grad_(was)


def _order_like(network: ArrangingNetwork, heard: StepFeatures, pairs: Sequence[Pair]) -> Order:
    """Return the network's order of a recording, given pairs as examples."""
    return decode(scores_for(network, heard, pairs), heard.steps, Bounds.none(len(heard))).order


def _helps(
    network: ArrangingNetwork, read: Sequence[Read], steps: int, seed: int, progress: Progress
) -> bool:
    """Return whether adapting to all pairs except the longest improves the fit of that one."""
    apart = max(range(len(read)), key=lambda number: len(read[number].states))
    others = [number for number in range(len(read)) if number != apart]
    adapter = _adapted(network, [read[number] for number in others], steps, seed, progress)
    ordered = [read[apart], *(read[number] for number in others)]
    given = list(range(1, len(ordered)))

    def loss(adapted: Adapter | None) -> float:
        examples = [ordered[number].example for number in given]
        seen = network.edit(ordered[0].states, ordered[0].heard, examples, adapted)
        return float(edit_loss(network, seen, ordered[0].wanted))

    with torch.no_grad():
        return loss(adapter) < loss(None)


def _adapted(
    network: ArrangingNetwork, read: Sequence[Read], steps: int, seed: int, progress: Progress
) -> Adapter:
    adapter = Adapter()
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(adapter.parameters(), lr=_RATE, weight_decay=_DECAY)
    for step in range(steps):
        progress.check_cancelled()
        progress.report(step / steps, "Learning how this editor goes on")
        chosen = rng.permutation(len(read))[:_AT_ONCE].tolist()
        places = range(len(chosen))
        examples = [[other for other in places if other != number] for number in places]
        loss = group_loss(network, [read[number] for number in chosen], examples, adapter)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return adapter


@torch.no_grad()
def scores_for(
    network: ArrangingNetwork, heard: StepFeatures, pairs: Sequence[Pair], adapter: Adapter | None = None
) -> Scores:
    """Return the network's scores of a recording, conditioned on these edits."""
    with few_threads():
        network.eval()
        examples = [_example(network, pair) for pair in pairs]
        tensors = tensors_of(heard)
        return scores_of(network, network.edit(network.hear(tensors), tensors, examples, adapter))


def _example(network: ArrangingNetwork, pair: Pair) -> Tensor:
    tensors = tensors_of(pair.heard)
    return example_states(network, network.hear(tensors), tensors, pair.order)


def arrangements(
    network: ArrangingNetwork,
    heard: StepFeatures,
    bounds: Bounds,
    *,
    editor: Editor | None = None,
    like: Sequence[Pair] = (),
    seeds: Sequence[int] = (),
) -> list[Decoded]:
    """Return the likeliest order of a recording, and alternatives: by the editor's method, or by the network.

    Without an editor and examples, reference takes are played whole: habits common to all editors are not
    evidence against a take that others are compared with.

    Parameters
    ----------
    editor : whose; the habits common to all that were learned where None
    like : further example edits
    seeds : of the others, one each
    """
    if not len(heard):
        return [Decoded(np.zeros(0, np.int64), 0.0)]
    pairs = [*(editor.pairs if editor else ()), *like]
    method = (
        method_of(pairs, partial(_order_like, network)) if like else editor.method if editor else Method()
    )
    if method.operations:
        return arrangements_by(orders_by_operations(method.operations, units_of(heard)), heard, bounds, seeds)
    if method.rules:
        return arrangements_by(orders_by_rules(method.rules, outlines_of(heard)), heard, bounds, seeds)
    scores = scores_for(network, heard, pairs, editor.adapter if editor else None)
    if not pairs:
        played = plays(decode(scores, heard.steps, bounds).order, len(heard))
        bounds = keeping_references(bounds, heard, played)
    return several(scores, heard.steps, bounds, seeds)


def save_editor(editor: Editor, path: Path, *, overwrite: bool = False) -> None:
    """Write an editor model: its pairs as features, and the adapted weights.

    Raises
    ------
    ExportError : it cannot be written, or is there already
    """
    tensors: dict[str, Tensor] = {
        f"adapter.{name}": value.detach().contiguous() for name, value in editor.adapter.state_dict().items()
    }
    rows = []
    for number, pair in enumerate(editor.pairs):
        heard = pair.heard
        arrays = {
            "features": torch.from_numpy(heard.features).half(),
            "edges": torch.from_numpy(heard.steps.edges_samples),
            "bars": torch.from_numpy(heard.steps.bar_positions),
            "earlier": torch.from_numpy(heard.earlier),
            "later": torch.from_numpy(heard.later),
            "order": torch.from_numpy(pair.order),
            "sections": _section_rows(heard.sections),
            "phrases": _section_rows(heard.phrases),
            "talk": torch.tensor(heard.talk_s, dtype=torch.float64).reshape(-1, 2),
            "powers": torch.from_numpy(heard.powers_db),
        }
        tensors |= {f"pair{number}.{name}": value.contiguous() for name, value in arrays.items()}
        rows.append({"name": pair.name, "rate_hz": heard.steps.rate_hz})
    facts: dict[str, object] = {
        "format": _FORMAT,
        "name": editor.name,
        "pairs": rows,
        "network": _network_known_by(),
    }
    facts["method"] = _METHOD.dump_python(replace(editor.method, rules=()), mode="json")
    if editor.method.rules:
        facts["rules"] = RULES_VERSION
        tensors["rules"] = torch.tensor(
            [(*one.numbers, one.fit) for one in editor.method.rules], dtype=torch.float64
        )
    if editor.habits is not None:
        facts["habits"] = editor.habits.facts()
    metadata = {"offcut": json.dumps(facts)}
    with replacing(path, overwrite=overwrite) as part:
        part.write_bytes(save(tensors, metadata))


def load_editor(path: Path) -> Editor:
    """Read an editor.

    Weights adapted to the network of another Offcut are invalid here: such an editor has its pairs alone, as
    examples.

    Raises
    ------
    OffcutError : it is missing, no editor, damaged, or written by a newer Offcut
    """
    try:
        # First as an ordinary file: safetensors would wait for a pipe.
        with open_regular(path), safe_open(path, "pt") as file:
            facts = json.loads((file.metadata() or {})["offcut"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise OffcutError(f"There is no editor at '{path}': make one with learn-edits.") from error
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise OffcutError(f"'{path}' is damaged or not an editor: make one with learn-edits.") from error
    if not isinstance(facts, dict) or facts.get("format") != _FORMAT:
        raise OffcutError(f"'{path}' was written by another version of Offcut: learn the editor again.")
    try:
        return _checked(facts, tensors)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise_shortage(error)
        raise OffcutError(f"'{path}' is damaged: make the editor again with learn-edits.") from error


def _checked(facts: Mapping[str, object], tensors: Mapping[str, Tensor]) -> Editor:
    rows = facts["pairs"]
    if not isinstance(rows, list) or not rows:
        raise ValueError("no pairs")
    adapter = Adapter()
    adapter.load_state_dict({name: tensors[f"adapter.{name}"] for name in adapter.state_dict()})
    if not all(bool(torch.isfinite(value).all()) for value in adapter.state_dict().values()):
        raise ValueError("invalid weights")
    if facts.get("network") != _network_known_by():
        adapter = Adapter()
    pairs = tuple(_pair(number, row, tensors) for number, row in enumerate(rows))
    habits = Habits.of_facts(facts.get("habits"))
    rules: tuple[Fitting, ...] = ()
    if facts.get("rules") == RULES_VERSION:
        rules = tuple(Fitting(tuple(row[:-1]), row[-1]) for row in tensors["rules"].tolist())
        if not all(0.0 <= number < 1.0 for one in rules for number in one.numbers):
            raise ValueError("invalid rules")
    has_old_rules = facts.get("rules") not in (None, RULES_VERSION)
    return Editor(
        str(facts["name"]),
        pairs,
        adapter.requires_grad_(False),
        habits,
        _method(facts.get("method"), rules),
        has_old_rules,
    )


def _method(facts: object, rules: tuple[Fitting, ...]) -> Method:
    """Return the method of an editor; an older file has rules, or the network arranges."""
    if facts is None:
        return Method(RULES if rules else NETWORK, rules=rules)
    found = _METHOD.validate_python(facts)
    is_known = (
        found.name in METHODS and (found.name != RULES or rules) and (found.name == NETWORK or found.words)
    )
    return replace(found, rules=rules) if is_known or rules else Method()


def _section_rows(sections: Sequence[Section]) -> Tensor:
    """Return sections or phrases, shape (k, 3)."""
    rows = [(one.first, one.last, one.label) for one in sections]
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, 3)


def _sections(name: str, number: int, tensors: Mapping[str, Tensor], n: int) -> tuple[Section, ...]:
    """Return the sections or phrases of a pair; an older file has none."""
    rows = tensors.get(f"pair{number}.{name}")
    found = tuple(Section(*row) for row in rows.tolist()) if rows is not None else ()
    if not all(0 <= one.first < one.last <= n for one in found):
        raise ValueError("sections that do not fit")
    return found


def _talk_s(number: int, tensors: Mapping[str, Tensor]) -> tuple[tuple[float, float], ...]:
    """Return the talk of a pair; an older file has none."""
    rows = tensors.get(f"pair{number}.talk", torch.zeros((0, 2), dtype=torch.float64))
    if not bool(torch.isfinite(rows).all()):
        raise ValueError("talk that does not fit")
    return tuple((start_s, stop_s) for start_s, stop_s in rows.tolist())


def _powers_db(number: int, tensors: Mapping[str, Tensor], n: int) -> NDArray[np.float32]:
    """Return the power of each step of a pair; an older file has none."""
    found = tensors.get(f"pair{number}.powers")
    powers: NDArray[np.float32] = np.zeros(0, np.float32) if found is None else found.numpy()
    if powers.shape not in ((0,), (n,)) or not np.isfinite(powers).all():
        raise ValueError("powers that do not fit")
    return powers.astype(np.float32)


def _pair(number: int, row: Mapping[str, object], tensors: Mapping[str, Tensor]) -> Pair:
    arrays = {
        name: tensors[f"pair{number}.{name}"].numpy()
        for name in ("features", "edges", "bars", "earlier", "later", "order")
    }
    n = len(arrays["bars"])
    shapes_hold = (
        arrays["features"].shape == (n, COLUMNS)
        and arrays["edges"].shape == (n + 1,)
        and arrays["earlier"].shape == arrays["later"].shape == (n,)
    )
    features = np.nan_to_num(arrays["features"].astype(np.float32))
    links_hold = all(
        not len(arrays[name]) or (arrays[name].min() >= -1 and arrays[name].max() < n)
        for name in ("earlier", "later", "order")
    )
    if not shapes_hold or not links_hold or (arrays["order"] < 0).any():
        raise ValueError("steps that do not fit")
    rate_hz = row["rate_hz"]
    if not isinstance(rate_hz, int) or rate_hz <= 0:
        raise ValueError("no rate")
    steps = Steps(arrays["edges"], arrays["bars"], rate_hz)
    heard = StepFeatures(
        steps,
        features,
        arrays["earlier"],
        arrays["later"],
        FoundTakes(),
        talk_s=_talk_s(number, tensors),
        sections=_sections("sections", number, tensors, n),
        powers_db=_powers_db(number, tensors, n),
        phrases=_sections("phrases", number, tensors, n),
    )
    return Pair(str(row["name"]), heard, arrays["order"])
