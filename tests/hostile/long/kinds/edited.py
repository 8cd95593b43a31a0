"""Documents as they are now, with an edit of every kind and stored audio; older ones; and edit lists."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from engine.core.files.text import parse_json
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.edits.by_hand import edit_by_hand, repair
from engine.document.edits.proposals import decide, replace_proposals, set_note
from engine.document.file.storage import TABLE_NAMES
from engine.document.file.stored_audio import block_digest, stored
from engine.document.file.transaction import write_anew
from engine.document.kinds import KINDS as KINDS_OF_EDITS
from engine.document.proposals import Proposal, Verdict
from engine.exchange.export import export
from engine.exchange.export.interchange.edit_json import VERSION, WITH_INSERTS, WITH_OWN_TIMING
from engine.exchange.export.request import ExportRequest
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.hostile.bad_files import good
from tests.hostile.long.kinds.documents import ROWS, Forge, attempt_rows, open_and_use
from tests.hostile.long.kinds.kind import Kind
from tests.hostile.long.mutations import BYTES, JSON, VALUES, done
from tests.kind_examples import EXAMPLES

_RATE_HZ = 8_000
_BY_HAND = {kind: one for kind, one in EXAMPLES.items() if kind not in ("repair", "tempo")}
_OLDER = tuple(sorted((Path(__file__).parents[3] / "engine" / "document").glob("version-*.offcut")))
_AUDIO_ROWS = "stored_audio"
_AUDIO_FACTS = "rate_hz, channels, frames, encoding, bytes"


def prepare(folder: Path) -> tuple[bytes, Path]:
    """Make a document with an edit of every kind, and return its bytes and the folder of its recordings."""
    path = folder / "sound.offcut"
    recordings = (good(folder / "kick.wav"), good(folder / "room.wav", channels=2, seed=8))
    audio = stored(np.linspace(-1, 1, 6_000, dtype=np.float32)[:, None], _RATE_HZ)
    with Document.create(path) as document:
        document.apply(import_edit(document.state, import_audio(ImportRequest(recordings), SILENT)))
        first = document.state.tracks[0].id
        for number, (kind, one) in enumerate(_BY_HAND.items()):
            span = (1_000 * number + 400, 1_000 * number + 1_100)
            tracks = (first,) if one.takes_tracks else ()
            edit, made = edit_by_hand(document.state, kind, *span, one.payload, tracks)
            document.apply(edit)
        tempo = Proposal(
            "tempo-1", "tempo", 0, 9_000, 0.5, "", "test", payload={"reading": "half", "grid": "beats-1"}
        )
        document.apply(replace_proposals(document.state, [tempo], {}, "Proposed a tempo"))
        document.apply(decide(document.state, [tempo.id], Verdict.ACCEPTED))
        document.apply(set_note(document.state, made.id, "From memory"))
        edit, _ = repair(
            document.state,
            audio,
            (13_000, 17_000),
            [first],
            at_samples=12_500,
            maker="test",
            reason="A cough.",
        )
        document.apply(edit, audio=[audio])
    missing = KINDS_OF_EDITS.keys() - EXAMPLES.keys()
    assert not missing, f"add these kinds of edits to the trials: {missing}"
    return path.read_bytes(), folder


def _use(path: Path, *, comes_back: bool) -> None:
    open_and_use(path, comes_back=comes_back)
    with Document.open(path) as document:
        for key in document.audio_files:
            assert np.isfinite(document.stored_audio(key).samples).all()


def attempt_bytes(sound: tuple[bytes, Path], changes: tuple[object, ...], folder: Path) -> None:
    """Open a document of this version with other bytes, and hear what it stores."""
    path = folder / "jam.offcut"
    path.write_bytes(done(changes, sound[0]))
    _use(path, comes_back=True)


def attempt_audio(sound: tuple[bytes, Path], changes: tuple[tuple[Forge, ...], bool], folder: Path) -> None:
    """Open a document whose stored audio is described otherwise, with checksums that are right or are not."""
    forgeries, is_forged_whole = changes
    path = folder / "jam.offcut"
    path.write_bytes(sound[0])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for change in forgeries:
            change.write(connection)
        for key, *row in connection.execute(f"SELECT key, {_AUDIO_FACTS} FROM {_AUDIO_ROWS}").fetchall():
            if is_forged_whole:
                told = block_digest((key, *row[:-1]), row[-1])
                connection.execute(f"UPDATE {_AUDIO_ROWS} SET digest = ? WHERE key = ?", (told, key))
    _use(path, comes_back=False)


def attempt_edit_list(
    sound: tuple[bytes, Path], changes: tuple[int, tuple[Any, ...], bool], folder: Path
) -> None:
    """Export the edit list of a document in which an edit says other things than it can."""
    number, edits, is_decided = changes
    path = folder / "jam.offcut"
    path.write_bytes(sound[0])
    table, key = ("decision", "proposal_id") if is_decided else ("proposal", "id")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        rows = connection.execute(f"SELECT {key}, payload FROM {table} ORDER BY {key}").fetchall()
        row, payload = rows[number % len(rows)]
        said = json.dumps(done(edits, json.loads(payload or "{}")))
        connection.execute(f"UPDATE {table} SET payload = ? WHERE {key} = ?", (said, row))
        write_anew(connection, TABLE_NAMES)
    with Document.open(path) as document:
        state, audio = document.state, document.audio_files
    media = {source.id: sound[1] / Path(source.path).name for source in state.sources.values()}
    request = ExportRequest(state, {**media, **audio}, folder / "jam.json", document_name="jam")
    export(request)
    told = parse_json((folder / "jam.json").read_bytes())
    has_inserts = any(one["start_samples"] >= told["source_length_samples"] for one in told["segments"])
    has_own_timing = any("segments" in one for one in told["tracks"])
    assert told["version"] == max(
        VERSION, WITH_INSERTS if has_inserts else 0, WITH_OWN_TIMING if has_own_timing else 0
    )
    assert all(0 <= one["start_samples"] < one["stop_samples"] for one in told["segments"])


def prepare_older(_folder: Path) -> dict[str, bytes]:
    """Read documents of every version before."""
    return {path.name: path.read_bytes() for path in _OLDER}


def attempt_older(sound: dict[str, bytes], changes: tuple[str, tuple[object, ...]], folder: Path) -> None:
    """Bring an older document with other bytes up to date."""
    name, edits = changes
    path = folder / name
    path.write_bytes(done(edits, sound[name]))
    open_and_use(path, comes_back=True)


_VALUES = st.one_of(
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.sampled_from([-1, 0, 1, 2, 64, 65, 6_000, 1 << 31]),
    st.sampled_from(["flac24", "float32", "", "audio-0", "../x"]) | VALUES,
    st.none(),
    st.binary(max_size=40),
)
_AUDIO_FORGERIES = st.lists(
    st.builds(Forge, st.just(_AUDIO_ROWS), st.integers(0, 6), st.integers(0, 3), _VALUES),
    min_size=1,
    max_size=3,
).map(tuple)

CURRENT = Kind("edited document", prepare, BYTES, attempt_bytes)
EDITED_ROWS = Kind(
    "edited rows",
    prepare,
    ROWS.strategy,
    lambda sound, changes, folder: attempt_rows(sound[0], changes, folder),
)
AUDIO_ROWS = Kind("stored audio", prepare, st.tuples(_AUDIO_FORGERIES, st.booleans()), attempt_audio)
EDIT_LIST = Kind("edit list", prepare, st.tuples(st.integers(0, 15), JSON, st.booleans()), attempt_edit_list)
OLDER = Kind(
    "older document",
    prepare_older,
    st.tuples(st.sampled_from([path.name for path in _OLDER]), BYTES),
    attempt_older,
)
