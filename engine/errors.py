"""The errors of the engine, and ``Cancelled``, which is not an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class EngineError(Exception):
    """A problem of the environment: a file, a disk, a model. Its text is shown to the user.

    Any other exception that reaches the top level is a bug.

    Attributes:
        message: what failed, one sentence without jargon.
        operation: what was being done, as a gerund ("reading the photo").
        path: the file or folder concerned; None if there is none.
        hint: what the user can do about it, one sentence; None if there is nothing.
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

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors are sent between processes: pickling must keep the keyword-only arguments.
        state: dict[str, Any] = {"message": self.message, "operation": self.operation}
        state |= {"path": self.path, "hint": self.hint}
        return _rebuild_error, (type(self), state)

    def __str__(self) -> str:
        where = f" [{self.path}]" if self.path is not None else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.message}{where}{hint}"


def _rebuild_error(kind: type[EngineError], state: dict[str, Any]) -> EngineError:
    """Create an error from its pickled state."""
    message = state.pop("message")
    return kind(message, **state)


class PhotoUnreadable(EngineError):
    """The file cannot be read, or is not a photo that can be decoded."""

    kind = "unreadable"


class PhotoTooLarge(EngineError):
    """The photo has more pixels than the limit, or too many for the memory."""

    kind = "too-large"


class PhotoMissing(EngineError):
    """The file does not exist, or its drive is not connected."""

    kind = "missing"


class PhotoTimedOut(EngineError):
    """Work on one photo exceeded its time limit and was stopped."""

    kind = "timed-out"


class WorkerCrashed(EngineError):
    """A child process died while it worked on one request."""

    kind = "crashed"


class WorkerUnavailable(WorkerCrashed):
    """A worker cannot be started; the same request may succeed with another worker."""


class RayUnavailable(EngineError):
    """Ray is not installed, or cannot be started or reached."""

    kind = "ray"


class FolderProblem(EngineError):
    """A watched folder cannot be added, read or watched."""

    kind = "folder"


class ModelMissing(EngineError):
    """Model files that the profile needs are not installed."""

    kind = "model-missing"


class ModelBroken(EngineError):
    """A model file is damaged or holds another model than expected."""

    kind = "model-broken"


class RerankerUnavailable(EngineError):
    """The reranker cannot be used: there is no model, or it does not run."""

    kind = "second-look"


class LibraryInUse(EngineError):
    """Another process is writing to this library."""

    kind = "in-use"


class StoreTooNew(EngineError):
    """The library was written by a newer Pickout."""

    kind = "too-new"


class StoreDamaged(EngineError):
    """The database file is damaged."""

    kind = "damaged"


class NotALibrary(StoreDamaged):
    """The database belongs to another program."""

    kind = "not-a-library"


class ServerProblem(EngineError):
    """The database server of a library cannot be reached or used."""

    kind = "server"


class DiskFull(EngineError):
    """No space is left where a file had to be written."""

    kind = "disk-full"


class ExportProblem(EngineError):
    """An export cannot be written to its destination."""

    kind = "export"


class BadRequest(EngineError):
    """The request is invalid: an empty query, an unknown id."""

    kind = "bad-request"


class Cancelled(Exception):
    """The work was cancelled. A normal end, never shown as an error."""
