"""Everything that can go wrong for reasons outside the code, and cancelling, which is no error."""

from __future__ import annotations

from pathlib import Path


class EngineError(Exception):
    """A problem of the environment: a file, a disk, a model. Shown to people as it stands.

    Anything that is not an ``EngineError`` and reaches the top is a bug.

    Attributes:
        message: what failed, one sentence, no jargon.
        operation: what was being done, as a gerund ("reading the photo").
        path: the file or folder concerned, if there is one.
        hint: what the person can do about it, one sentence.
        kind: a short stable word for tables and tests.
    """

    kind = "error"

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        path: Path | str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation
        self.path = Path(path) if path is not None else None
        self.hint = hint

    def __reduce__(self):
        # Errors cross process borders: the keyword-only arguments must survive pickling.
        state = {"message": self.message, "operation": self.operation}
        state |= {"path": self.path, "hint": self.hint}
        return _rebuild_error, (type(self), state)

    def __str__(self) -> str:
        where = f" [{self.path}]" if self.path is not None else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.message}{where}{hint}"


def _rebuild_error(kind: type[EngineError], state: dict) -> EngineError:
    message = state.pop("message")
    return kind(message, **state)


class PhotoUnreadable(EngineError):
    """The file is not a photo that can be decoded."""

    kind = "unreadable"


class PhotoTooLarge(EngineError):
    """The photo has more pixels than the cap allows."""

    kind = "too-large"


class PhotoMissing(EngineError):
    """The file is gone, or its drive is not connected."""

    kind = "missing"


class PhotoTimedOut(EngineError):
    """Work on one photo took longer than its limit and was stopped."""

    kind = "timed-out"


class WorkerCrashed(EngineError):
    """A child process died while it worked on one request."""

    kind = "crashed"


class FolderProblem(EngineError):
    """A watched folder cannot be added, read or watched."""

    kind = "folder"


class ModelMissing(EngineError):
    """Model files that the profile needs are not installed."""

    kind = "model-missing"


class ModelBroken(EngineError):
    """A model file is damaged, of the wrong kind, or not what it claims to be."""

    kind = "model-broken"


class RerankerUnavailable(EngineError):
    """No photo can be given a second look: there is no model, or it does not run."""

    kind = "second-look"


class LibraryInUse(EngineError):
    """Another process is writing to this library."""

    kind = "in-use"


class StoreTooNew(EngineError):
    """The library was written by a newer Pickout."""

    kind = "too-new"


class StoreDamaged(EngineError):
    """The database file cannot be read as one."""

    kind = "damaged"


class DiskFull(EngineError):
    """No space is left where a file had to be written."""

    kind = "disk-full"


class ExportProblem(EngineError):
    """An export cannot be written where it was asked to go."""

    kind = "export"


class BadRequest(EngineError):
    """The request itself makes no sense: an empty query, an unknown id."""

    kind = "bad-request"


class Cancelled(Exception):
    """Somebody changed their mind. A normal ending, never shown as an error."""
