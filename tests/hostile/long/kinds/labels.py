"""Label files as any editor writes them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from engine.document.edits.markers import read_labels
from tests.hostile.long.kinds.kind import Kind
from tests.hostile.long.mutations import BYTES, done

RATE_HZ = 48_000
_FIELDS = st.sampled_from(["0", "-1", "1,5", "nan", "inf", "1e300", "1e7", "", "1_0", "\u0663", "0x10"])
_LINES = st.lists(st.tuples(_FIELDS, _FIELDS, st.text(max_size=8)).map("\t".join), max_size=4).map("\n".join)


def prepare(_folder: Path) -> bytes:
    """Write labels with a span, a point and frequencies."""
    return "1.5\t2.5\tVerse\n3\t3\tKlatschen \u00e4\n\\\t100\t200\n10,25\t12\t\n".encode()


def attempt(sound: bytes, changes: tuple[object, ...] | str, folder: Path) -> None:
    """Read labels with other bytes, or lines that nobody would write."""
    path = folder / "labels.txt"
    is_text = isinstance(changes, str)
    path.write_bytes(changes.encode("utf-8", "surrogatepass") if is_text else done(changes, sound))
    for span in read_labels(path, RATE_HZ):
        assert 0 <= span.start_samples <= span.stop_samples, "a span that ends before it begins"


LABELS = Kind("labels", prepare, BYTES | _LINES, attempt)
