"""Protocol of the store's table of photos; ``engine.store.store`` says what all tables promise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from engine.records import Filter, FilterKind, FolderId, Photo, PhotoId, PhotoMetadata


class PhotoTable(Protocol):
    """Photos by their content, with the places where files hold them."""

    def get(self, photo_id: PhotoId) -> Photo | None:
        """None if the photo is not visible."""
        ...

    def visible(
        self,
        photo_ids: Sequence[PhotoId],
        folder_ids: Iterable[FolderId] = (),
        filters: Sequence[Filter] = (),
    ) -> dict[PhotoId, Photo]:
        """Those of the photos that are visible (below these folders, if any are given) and pass
        every filter.

        A photo in several places is shown where it can be read, else where it was found first; with
        filters, at a place that passes them.

        Raises:
            ValueError: a filter's value is not of the type that its kind has.
        """
        ...

    def visible_ids(
        self,
        photo_ids: Sequence[PhotoId],
        folder_ids: Iterable[FolderId] = (),
        filters: Sequence[Filter] = (),
    ) -> set[PhotoId]:
        """As ``visible``, without the photos; much faster for many."""
        ...

    def visible_taken_at(
        self,
        photo_ids: Sequence[PhotoId],
        folder_ids: Iterable[FolderId] = (),
        filters: Sequence[Filter] = (),
    ) -> dict[PhotoId, str | None]:
        """As ``visible_ids``, with the local time at which each was taken, if that is known."""
        ...

    def page(
        self,
        profile_id: int,
        limit: int,
        before: PhotoId | None,
        folder_ids: Iterable[FolderId] = (),
        filters: Sequence[Filter] = (),
    ) -> tuple[Photo, ...]:
        """Visible photos with vectors of a profile, by capture time (else file time), newest
        first, those after ``before`` in that order; below these folders, if any are given, and
        passing every filter.

        Raises:
            ValueError: a filter's value is not of the type that its kind has.
        """
        ...

    def searchable_ids(
        self,
        profile_id: int,
        folder_ids: frozenset[FolderId],
        limit: int | None,
        filters: Sequence[Filter] = (),
    ) -> list[PhotoId] | None:
        """All visible photos with vectors of a profile that pass every filter; None if there are
        more than ``limit`` (None: however many).

        A photo in several places passes if one of its visible files passes every filter; an
        excluded filter keeps it if none of them passes, also for want of the value. Days taken and
        hours are those of the camera's clock, days added are local. A folder's text is looked for
        in the path from the watched folder's name to the file's folder; every word of a camera's or
        lens's in its name; a keyword among keywords and names of people and the words of either;
        every word of a caption or place in it; all without regard to case and accents. A photo of
        which only the month or year is known passes if all of that does. Sides of a square differ
        by 2 % at most.

        Raises:
            ValueError: a filter's value is not of the type that its kind has.
        """
        ...

    def has_values(self, kind: FilterKind) -> bool:
        """Whether any visible photo has what filters of a kind compare; False also for what the
        store does not record."""
        ...

    def metadata(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, PhotoMetadata]:
        """What is known of each of the photos besides its pixels; photos that do not exist are
        left out."""
        ...

    def all_ids(self) -> set[PhotoId]:
        """Every photo, visible or not."""
        ...
