"""Answers in a `.taste` file: the taste stays the one it was, and nothing counts twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save
from torch import zeros

from engine.core.errors import OffcutError, TasteError
from engine.core.progress import SILENT
from engine.features.taste.anomaly.taste import load_taste
from engine.features.taste.anomaly.taste_header import KEY, as_learned, digest_of, with_answers
from engine.features.taste.stored_answers import document_key, read_memory, write_answers
from engine.review import calibration as kept_answers
from engine.review.calibration import Answer, Reviewed, from_json, to_json, with_document
from tests.engine.review.calibration.material import document

DEMO = Path(__file__).resolve().parents[4] / "resources" / "demo" / "demo.taste"
ANOTHER = Path(__file__).resolve().parents[2] / "lab" / "recipes" / "slicer" / "of_version_0_1.taste"

DIGEST = digest_of(DEMO.read_bytes())


def reviewed(document: str, *ids: str, accepted: bool = True) -> Reviewed:
    answers = tuple(Answer(key, accepted, {"score": 0.25, "loudness": -1.5}) for key in ids)
    return Reviewed(document, answers)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "band.taste"
    made.write_bytes(DEMO.read_bytes())
    return made


def test_the_taste_stays_the_one_it_was(path: Path) -> None:
    before = load_taste(path)
    assert as_learned(path.read_bytes()) == DEMO.read_bytes()
    write_answers(path, DIGEST, reviewed("d1", "cut-1", "cut-2"), SILENT)
    assert path.read_bytes() != DEMO.read_bytes()
    assert as_learned(path.read_bytes()) == DEMO.read_bytes()
    after = load_taste(path)
    assert (after.maker, after.card, after.kept_scores) == (before.maker, before.card, before.kept_scores)


def test_answers_come_back(path: Path) -> None:
    write_answers(path, DIGEST, reviewed("d1", "cut-1"), SILENT)
    write_answers(path, DIGEST, reviewed("d2", "cut-7", "cut-8", accepted=False), SILENT)
    memory = read_memory(path, SILENT)
    assert memory.reviewed == (reviewed("d1", "cut-1"), reviewed("d2", "cut-7", "cut-8", accepted=False))
    assert [answer.proposal_id for answer in memory.beside("d2")] == ["cut-1"]
    assert memory.of("d1") == reviewed("d1", "cut-1")
    assert memory.of("d3").answers == ()
    assert memory.is_of(load_taste(path).maker)
    assert not memory.is_of("own-faults band 0000")


def test_a_document_counts_once_and_unlearns(path: Path) -> None:
    write_answers(path, DIGEST, reviewed("d1", "cut-1", "cut-2"), SILENT)
    write_answers(path, DIGEST, reviewed("d1", "cut-2", accepted=False), SILENT)
    assert read_memory(path, SILENT).reviewed == (reviewed("d1", "cut-2", accepted=False),)
    write_answers(path, DIGEST, Reviewed("d1", ()), SILENT)
    assert path.read_bytes() == DEMO.read_bytes(), "with nothing to keep the file is as it was learned"


def test_a_copy_of_a_document_does_not_count_twice() -> None:
    first = reviewed("d1", "cut-1", "cut-2")
    kept = with_document((first,), reviewed("copy", "cut-2", "cut-3"))
    assert [(one.document, len(one.answers)) for one in kept] == [("d1", 1), ("copy", 2)]


def test_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "MOST_ANSWERS", 5)
    kept: tuple[Reviewed, ...] = ()
    for number in range(4):
        kept = with_document(kept, reviewed(f"d{number}", f"{number}a", f"{number}b"))
    assert [(one.document, len(one.answers)) for one in kept] == [("d1", 1), ("d2", 2), ("d3", 2)]


def test_a_taste_that_was_learned_anew_is_left_alone(path: Path) -> None:
    path.write_bytes(ANOTHER.read_bytes())
    memory = write_answers(path, DIGEST, reviewed("d1", "cut-1"), SILENT)
    assert path.read_bytes() == ANOTHER.read_bytes()
    assert (memory.digest, memory.reviewed) == (digest_of(ANOTHER.read_bytes()), ())


def test_a_taste_that_is_learned_meanwhile_wins(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, newer = Path.write_bytes, ANOTHER.read_bytes()

    def overtaken(part: Path, content: bytes) -> int:
        write(path, newer)
        return write(part, content)

    monkeypatch.setattr(Path, "write_bytes", overtaken)
    with pytest.raises(TasteError, match="replaced meanwhile"):
        write_answers(path, DIGEST, reviewed("d1", "cut-1"), SILENT)
    assert path.read_bytes() == newer


def test_nothing_new_writes_nothing(path: Path) -> None:
    write_answers(path, DIGEST, reviewed("d1", "cut-1"), SILENT)
    before = path.stat()
    write_answers(path, DIGEST, reviewed("d1", "cut-1"), SILENT)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_damaged_answers_leave_the_taste_working(path: Path) -> None:
    path.write_bytes(with_answers(DEMO.read_bytes(), [{"document": "d1", "answers": "?"}]))
    assert read_memory(path, SILENT).reviewed == ()
    assert load_taste(path).digest == load_taste(DEMO).digest
    write_answers(path, DIGEST, reviewed("d2", "cut-1"), SILENT)
    assert read_memory(path, SILENT).reviewed == (reviewed("d2", "cut-1"),)


def test_what_is_no_taste_is_left_alone(tmp_path: Path) -> None:
    for name, content in (("empty", b""), ("text", b"not a taste at all"), ("short", b"\x10" + b"\0" * 7)):
        wrong = tmp_path / f"{name}.taste"
        wrong.write_bytes(content)
        with pytest.raises(TasteError, match="is not a taste"):
            write_answers(wrong, DIGEST, reviewed("d1", "cut-1"), SILENT)
        assert wrong.read_bytes() == content
    with pytest.raises(TasteError, match="cannot be read"):
        read_memory(tmp_path / "gone.taste", SILENT)


def test_a_header_of_another_program_is_refused_rather_than_renamed(tmp_path: Path) -> None:
    content = save({"w": zeros(2)}, metadata={KEY: json.dumps({"version": 2})})
    length = int.from_bytes(content[:8], "little")
    spaced = json.dumps(json.loads(content[8 : 8 + length])).encode()
    other = tmp_path / "other.taste"
    other.write_bytes(len(spaced).to_bytes(8, "little") + spaced + content[8 + length :])
    before = other.read_bytes()
    with pytest.raises(TasteError, match="another program"):
        write_answers(other, digest_of(before), reviewed("d1", "cut-1"), SILENT)
    assert other.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OffcutError, match="disk is full"):
        write_answers(path, DIGEST, reviewed("d1", "cut-1"), SILENT)
    assert path.read_bytes() == DEMO.read_bytes()
    assert not list(path.parent.glob("*.part"))


@given(
    st.dictionaries(st.text(max_size=6), st.text(max_size=20), max_size=3),
    st.lists(st.text(max_size=8), min_size=1, max_size=4, unique=True),
)
def test_any_taste_is_as_learned_once_the_answers_are_taken_out(
    facts: dict[str, str], ids: list[str]
) -> None:
    facts.pop("answers", None)
    content = save({"w": zeros(3)}, metadata={KEY: json.dumps(facts, sort_keys=True)})
    changed = with_answers(content, to_json((reviewed("d", *ids),)))
    assert as_learned(changed) == content
    assert set(load(changed)) == {"w"}
    assert from_json(json.loads(json.dumps(to_json((reviewed("d", *ids),))))) == (reviewed("d", *ids),)


def test_a_document_is_known_by_its_recordings() -> None:
    first, again, other = document(3)[0], document(9)[0], document(3, content="another")[0]
    assert document_key(first) == document_key(again) != document_key(other)
