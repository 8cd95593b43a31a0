"""Parts of an error that are safe to share: code locations, and words from the source code.

A traceback names folders of a person, and a message quotes titles of their music. So a location is given
by its path inside Offcut, Python or a package that Offcut needs, and of a message only those words stay that
appear in the code that raised it. An ellipsis replaces all others.
"""

from __future__ import annotations

import builtins
import re
import sysconfig
from collections.abc import Iterable
from pathlib import Path, PurePath
from types import CodeType, TracebackType

from engine.build import ROOT

LEFT_OUT = "…"
MOST_PLACES = 60
_LONGEST_MESSAGE = 400
_OURS = ("engine", "widgets", "desktop")
_WORD = re.compile(r"\w+")
_NEEDED = frozenset(
    _WORD.findall(
        "numpy soundfile soxr pydantic pydantic_core yaml platformdirs rpp opentimelineio mido aaf2"
        " safetensors tokenizers torch librosa scipy sounddevice PySide6 shiboken6 pyqtgraph PyInstaller"
    )
)
_STANDARD = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))
# What Python, Qt and numpy say themselves: their sentences stand in no code that can be read.
_SPOKEN = frozenset(
    _WORD.findall(
        """
    a already an and any are argument arguments as assignment at attribute attributes axes axis base be
    before between bool broadcast bytes call callable called can cannot changed concatenation could
    decode deleted depth dimension dimensions division divide does dtype during empty encode error
    exceeded expected failed file float for format from function given got has have in incompatible
    index indices infinity input int integer internal invalid is it item iterable iteration keyword
    large length list literal local locked malformed maximum memory mismatch missing module modulo must
    name nan no not number object of offset on only open operand operands operation or out overflow
    permission positional range recursion referenced remapped required result scalar sequence set shape
    shapes signature size small space string subscriptable supported takes than that the to together too
    truth tuple type types unexpected unhashable unpack unsupported value values variable was were when
    while with without wrong zero C Errno Internal Libshiboken NoneType such directory exists denied
    device left
    """
    )
) | frozenset(dir(builtins))
_HELD = re.compile(rf"{LEFT_OUT}(?:[\s/\\.:,'\"_~@+-]*{LEFT_OUT})+")
_FAULT_PLACE = re.compile(r'  File "(.*)", line (\d+) in (.*)')
_FAULT_HEAD = re.compile(r"(?:Fatal Python error|Windows fatal exception): ([\w :,.()-]{1,200})")
_FAULT_THREAD = re.compile(r"(Current thread|Thread) 0x[0-9a-f]+.*most recent call first")


def private_traceback(error: BaseException) -> str:
    """Format an error and its causes without personal data, newest call last."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        parts.append("\n".join((*_places(current.__traceback__), _said(current))))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n\nwhile handling:\n\n".join(reversed(parts))


def private_fault(text: str) -> str:
    """Format the output of Python's fault handler as code locations, newest call first."""
    lines: list[str] = []
    for line in text.splitlines():
        if place := _FAULT_PLACE.fullmatch(line):
            lines.append(f"  {_place(place[1], int(place[2]), place[3])}")
        elif head := _FAULT_HEAD.match(line):
            lines.append(head[1])
        elif thread := _FAULT_THREAD.match(line):
            lines.append(
                "In the thread that crashed:" if thread[1] == "Current thread" else "In another thread:"
            )
    return "\n".join(lines)


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"  {_place(code.co_filename, trace.tb_lineno, code.co_name)}")
        trace = trace.tb_next
    if len(places) > MOST_PLACES:  # of what called itself without an end, both ends tell enough
        half = MOST_PLACES // 2
        places = [*places[:half], f"  {LEFT_OUT}", *places[-half:]]
    return places


def _place(filename: str, line: int, function: str) -> str:
    known = _known_path(filename)
    return f"{known}:{line} in {function}" if known else f"{LEFT_OUT} in third-party code"


def _known_path(filename: str) -> str:
    """Return the path of code that everybody has, "" of any other."""
    if re.fullmatch(r"<frozen [\w. ]+>", filename):
        return filename
    path = PurePath(filename)
    if path.is_relative_to(ROOT):
        path = path.relative_to(ROOT)
    if path.parts[:1] and path.parts[0] in _OURS:  # in a bundle code is named so
        return path.as_posix()
    for folder in ("site-packages", "dist-packages", "_internal"):
        if folder in path.parts:
            inside = path.parts[path.parts.index(folder) + 1 :]
            return "/".join(inside) if inside and PurePath(inside[0]).stem in _NEEDED else ""
    for standard in _STANDARD:
        if path.is_relative_to(standard):
            return f"python/{path.relative_to(standard).as_posix()}"
    return ""


def _said(error: BaseException) -> str:
    kind = type(error)
    family = kind.__module__.partition(".")[0]
    name = kind.__qualname__ if family in {"builtins", "sqlite3", *_OURS, *_NEEDED} else "an exception"
    text = str(error)[:_LONGEST_MESSAGE].partition("\n")[0]
    return f"{name}: {private_message(text, _words_of(error.__traceback__))}" if text else name


def private_message(text: str, known: Iterable[str]) -> str:
    """Return a message without the words that do not appear in the source code.

    Parameters
    ----------
    known : the words of the code that wrote it; those of Python itself are known
    """
    words = _SPOKEN.union(known)
    kept = _WORD.sub(lambda one: one[0] if one[0].isdecimal() or one[0] in words else LEFT_OUT, text)
    return _HELD.sub(LEFT_OUT, kept)


def _words_of(trace: TracebackType | None) -> set[str]:
    """Return names and words in the source code of an error's traceback."""
    words: set[str] = set()
    while trace is not None:
        code = trace.tb_frame.f_code
        if _known_path(code.co_filename):
            words.update(_code_words(code))
        trace = trace.tb_next
    return words


def _code_words(code: CodeType) -> set[str]:
    texts = [one for one in code.co_consts if isinstance(one, str)]
    return {*code.co_names, *(word for text in texts for word in _WORD.findall(text))}
