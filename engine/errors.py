"""What can go wrong, in one sentence a user can act on.

Every error that a person may cause (a broken file, a full disk, a wrong value) is raised as a subclass of
`OffcutError`. Its text is shown as it is, so it names the file, the value and what to do.
"""


class OffcutError(Exception):
    """A failure that the user can understand and act on; its text is one plain sentence."""


class SourceError(OffcutError):
    """An audio file cannot be read."""


class DocumentError(OffcutError):
    """A `.offcut` file cannot be read or written."""


class TasteError(OffcutError):
    """A `.taste` file cannot be read, or nothing can be learned from what was given."""


class ExportError(OffcutError):
    """A file cannot be exported."""


class TimingError(OffcutError):
    """Hits cannot be found or moved."""


class UsageError(OffcutError):
    """A command or a setting was given a value it cannot take."""


class Cancelled(Exception):  # noqa: N818 - not an error: the user asked for it
    """The user cancelled the running job."""
