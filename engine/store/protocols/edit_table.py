"""Protocol of the store's table of edits; ``engine.store.store`` says what all tables promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.records import EditKind, PhotoId


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of one photo.

    A later edit of the same photo, kind and subject takes the place of an earlier one.

    Attributes:
        photo_id: None if the library does not hold the photo now; its edits wait for it.
        subject: what of the photo it is about: for ``HIT_JUDGED`` the query, for ``REGION_NAMED`` a
            word of its own for each named thing.
        details: plain values as ``json`` takes them; empty takes the earlier edit back.
    """

    photo_id: PhotoId | None
    kind: EditKind
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)


class EditTable(Protocol):
    """Edits by the content of their photos: they are there again when a photo that was moved or
    deleted comes back. Nothing but these methods changes them."""

    def record(self, edits: Sequence[Edit]) -> None:
        """Store what was done at once, which is undone at once. What was undone before cannot be
        redone any more. It is on the disk when this returns.

        Raises:
            BadRequest: a photo is not in the library; nothing is stored.
        """
        ...

    def undo(self) -> tuple[Edit, ...]:
        """Take back what was done last; empty if there is nothing."""
        ...

    def redo(self) -> tuple[Edit, ...]:
        """Do again what was undone last; empty if there is nothing."""
        ...

    def of_photo(self, photo_id: PhotoId, kind: EditKind) -> tuple[Edit, ...]:
        """The edits of a photo that hold, one for each subject, in the order they were made."""
        ...

    def about(self, kind: EditKind, subject: str) -> tuple[Edit, ...]:
        """The edits of all photos about a subject that hold, in the order they were made."""
        ...

    def faults(self) -> tuple[str, ...]:
        """Edits that differ from what was stored, in words for people; empty if none does."""
        ...
