"""What opens with Offcut on macOS and Windows; Linux has its own files in `linux`. Not run here."""

from __future__ import annotations

from pathlib import Path

IDENTIFIER = "org.offcut.Offcut"
SOUND = ("wav", "flac", "mp3", "ogg", "opus", "aif", "aiff")


def info_plist(version: str) -> dict[str, object]:
    """Return what macOS is told of the program: its documents, and that it may open recordings."""
    document = {
        "CFBundleTypeName": "Offcut document",
        "CFBundleTypeExtensions": ["offcut"],
        "CFBundleTypeRole": "Editor",
        "LSHandlerRank": "Owner",
        "LSItemContentTypes": [f"{IDENTIFIER}.document"],
    }
    sound = {
        "CFBundleTypeName": "Recording",
        "CFBundleTypeExtensions": list(SOUND),
        "CFBundleTypeRole": "Viewer",
        "LSHandlerRank": "Alternate",
        "LSItemContentTypes": ["public.audio"],
    }
    declared = {
        "UTTypeIdentifier": f"{IDENTIFIER}.document",
        "UTTypeDescription": "Offcut document",
        "UTTypeConformsTo": ["public.data"],
        "UTTypeTagSpecification": {"public.filename-extension": ["offcut"]},
    }
    return {
        "CFBundleShortVersionString": version,
        "CFBundleDocumentTypes": [document, sound],
        "UTExportedTypeDeclarations": [declared],
        "NSHighResolutionCapable": True,
        "LSMinimumSystemVersion": "12.0",
    }


def registry(program: Path) -> str:
    """Return the file that makes Windows open documents with a program, for the user who merges it."""
    template = Path(__file__).resolve().parent / "windows" / "associate.reg.in"
    return template.read_text("utf-8").replace("{program}", str(program).replace("\\", "\\\\"))
