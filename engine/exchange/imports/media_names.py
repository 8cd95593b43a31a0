"""Addresses of media as projects write them: URLs, paths of any system, bare names."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit

_LONGEST = 4_096


def path_of(address: str) -> str:
    """Return the path that a URL or a path names, and all else as it is."""
    text = address.strip()[:_LONGEST]
    if text.lower().startswith("file:"):
        try:
            parts = urlsplit(text)
        except ValueError:  # brackets that hold no address
            return text
        path = unquote(parts.path)
        is_drive = len(path) > 2 and path[0] == "/" and path[2] == ":"
        return path[1:] if is_drive else path
    return text


def name_of(path: str) -> str:
    """Return the name of a file from a path of any system."""
    windows = "\\" in path and "/" not in path
    return PureWindowsPath(path).name if windows else PurePosixPath(path).name
