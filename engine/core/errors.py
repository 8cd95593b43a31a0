"""Errors, each with one sentence a user can act on.

Every error that a person may cause (a broken file, a full disk, a wrong value) is raised as a subclass of
`OffcutError`. Its text is shown as it is, so it names the file, the value and the remedy.
"""

from __future__ import annotations

from engine.core.wording import listed, percent, quoted

WAYS_ON_WITHOUT_WORDS = "Select an example of the sound, or paint it."


class OffcutError(Exception):
    """A failure that the user can understand and act on; its text is one plain sentence."""


class SourceError(OffcutError):
    """An audio file cannot be read."""


class DocumentError(OffcutError):
    """A `.offcut` file cannot be read or written."""


class TasteError(OffcutError):
    """A `.taste` file cannot be read, or the training data is unusable."""


class ExportError(OffcutError):
    """A file cannot be exported."""


class FileExistsAlreadyError(ExportError):
    """A file exists already, and replacing it was not allowed.

    Attributes
    ----------
    name : the path as sentences show it
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} already exists: choose another name, or allow it to be replaced.")
        self.name = name


class EditsError(OffcutError):
    """Edits that another program wrote cannot be read, or do not belong to the document."""


class TimingError(OffcutError):
    """Hits cannot be found or moved."""


class UsageError(OffcutError):
    """A command or a setting was given a value it cannot take."""


class SeparationError(UsageError):
    """A separation was refused because its result would not match the prompt.

    Attributes
    ----------
    code : stable name of the reason, for programs and for the window
    prompt : the words, or the name of the example
    """

    code = "refused"
    prompt: str

    def fields(self) -> dict[str, object]:
        """Return the fields of the refusal for programs."""
        return {"code": self.code, "prompt": self.prompt}


class UnknownPromptError(SeparationError):
    """A prompt does not name a sound that Offcut knows.

    Attributes
    ----------
    nearest : known names, the most similar first
    """

    code = "not_understood"

    def __init__(self, prompt: str, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(prompt, nearest)
        self.prompt, self.nearest = prompt, nearest

    def fields(self) -> dict[str, object]:
        """Return the fields of the refusal for programs."""
        return {**super().fields(), "nearest": list(self.nearest)}

    def __str__(self) -> str:
        names = "name is" if len(self.nearest) == 1 else "names are"
        near = f" The nearest known {names} {listed(self.nearest)}." if self.nearest else ""
        return f"Offcut does not know a sound called {quoted(self.prompt)}.{near} {WAYS_ON_WITHOUT_WORDS}"


class SoundNotFoundError(SeparationError):
    """A prompt is understood, but its sound was not detected in the windows.

    Attributes
    ----------
    probability : that the sound is present, 0 to 1
    """

    code = "not_found"

    def __init__(self, prompt: str, probability: float) -> None:
        super().__init__(prompt, probability)
        self.prompt, self.probability = prompt, probability

    def fields(self) -> dict[str, object]:
        """Return the fields of the refusal for programs."""
        return {**super().fields(), "probability": self.probability}

    def __str__(self) -> str:
        return (
            f"{quoted(self.prompt)} was not found in the window (probability {percent(self.probability)}). "
            "Choose a longer window with more surroundings, select an example of the sound, or paint it."
        )


class NotCredibleError(SeparationError):
    """No method can be expected to improve on the recording.

    Attributes
    ----------
    expected_db : estimated improvement of the best method over the unchanged recording
    """

    code = "not_credible"

    def __init__(self, prompt: str, expected_db: float) -> None:
        super().__init__(prompt, expected_db)
        self.prompt, self.expected_db = prompt, expected_db

    def fields(self) -> dict[str, object]:
        """Return the fields of the refusal for programs."""
        return {**super().fields(), "expected_db": self.expected_db}

    def __str__(self) -> str:
        return (
            f"Offcut cannot separate {quoted(self.prompt)} here: "
            f"the result would be worse than the recording. {WAYS_ON_WITHOUT_WORDS}"
        )


class Cancelled(Exception):  # noqa: N818 - not an error: the user asked for it
    """The user cancelled the running job."""
