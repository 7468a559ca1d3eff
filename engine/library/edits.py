"""What people do to the photos of a library: it holds whatever becomes of photos and models."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import BadRequest
from engine.library.components import LibraryComponents
from engine.masks.outline_match import match_outlines
from engine.records import (
    BoxXyxy,
    EditKind,
    EditStep,
    PhotoId,
    Region,
    RegionId,
    RegionName,
    Rle,
    SearchResult,
    Verdict,
)
from engine.search.judgements import Judged, judged_subject, judgements
from engine.store.protocols.edit_table import Edit

_EDITING = "changing a photo"


class LibraryEdits:
    """Edits are on the disk when a method returns. Thread-safe; quick."""

    def __init__(self, components: LibraryComponents) -> None:
        self._components = components
        self._store = components.store

    def judge(
        self,
        photo_ids: Iterable[PhotoId],
        query: str,
        match: bool | None,
        region_id: RegionId | None = None,
    ) -> None:
        """Say that photos match a query, that they do not, or (None) take that back. Searches for
        the same words then say so too, whatever models answer.

        Args:
            query: its text; case and white space do not count.
            region_id: the region that was meant, if the photo is a single one.

        Raises:
            BadRequest: a photo or the region is not in the library, the query has no words, or the
                library was opened for reading only.
        """
        self._components.refuse_if_read_only(_EDITING)
        if not query.strip():
            raise BadRequest("There is no query to judge by.", operation=_EDITING)
        details: dict[str, Any] = {}
        if match is not None:
            details = {"match": match}
            if region_id is not None:
                details["outline"] = _outline(self._region(region_id))
        subject = judged_subject(query)
        self._store.edits.record(
            [Edit(i, EditKind.HIT_JUDGED, subject, details) for i in photo_ids]
        )

    def judgements(self, query: str) -> dict[PhotoId, bool]:
        """The photos of which people said whether they match a query."""
        return judgements(self._store.edits, query)

    @staticmethod
    def judged(result: SearchResult, photo_ids: Iterable[PhotoId], match: bool) -> SearchResult:
        """A result as the next search will have it once these photos are judged, to show it before
        that search is done. Reads and stores nothing."""
        said = {hit.photo.id: hit.verdict is Verdict.MATCH for hit in result.hits if hit.judged}
        said.update(dict.fromkeys(photo_ids, match))
        return replace(result, hits=Judged(said).apply(result.hits))

    def name_region(self, region_id: RegionId, name: str) -> None:
        """Give a region a name, or (empty) take its name away.

        Raises:
            BadRequest: there is no such region (any more), or the library was opened for reading
                only.
        """
        self._components.refuse_if_read_only(_EDITING)
        region = self._region(region_id)
        named = self._names(region.photo_id)
        subject = next((s for s, known in named.items() if known.region_id == region_id), None)
        details = {"name": name.strip(), "outline": _outline(region)} if name.strip() else {}
        if not details and subject is None:
            return
        subject = subject or secrets.token_hex(8)
        self._store.edits.record([Edit(region.photo_id, EditKind.REGION_NAMED, subject, details)])

    def region_names(self, photo_id: PhotoId) -> tuple[RegionName, ...]:
        """The names that things in a photo were given, in the order that was done."""
        return tuple(self._names(photo_id).values())

    def undo(self) -> EditStep | None:
        """Take back what was done last, also before the library was closed; returns what that was,
        None if there is nothing.

        Raises:
            BadRequest: the library was opened for reading only.
        """
        self._components.refuse_if_read_only(_EDITING)
        return _step(self._store.edits.undo())

    def redo(self) -> EditStep | None:
        """Do again what was undone last, unless something else was done since; returns what that
        was, None if there is nothing.

        Raises:
            BadRequest: the library was opened for reading only.
        """
        self._components.refuse_if_read_only(_EDITING)
        return _step(self._store.edits.redo())

    def _region(self, region_id: RegionId) -> Region:
        region = self._store.regions.get(region_id)
        if region is None:
            raise BadRequest(
                "This thing is no longer in the library.",
                operation=_EDITING,
                hint="Choose it again.",
            )
        return region

    def _names(self, photo_id: PhotoId) -> dict[str, RegionName]:
        """Subject of an edit -> the name, with the region that shows the thing now."""
        edits = self._store.edits.of_photo(photo_id, EditKind.REGION_NAMED)
        if not edits:
            return {}
        regions = self._store.regions.of_photo(photo_id, self._components.profile_id)
        masks = [_rle(edit.details["outline"]) for edit in edits]
        found = match_outlines(masks, [region.rle for region in regions])
        return {
            edit.subject: RegionName(
                edit.details["name"],
                BoxXyxy(*edit.details["outline"]["box_xyxy"]),
                regions[found[i]].id if i in found else None,
            )
            for i, edit in enumerate(edits)
        }


def _step(edits: Sequence[Edit]) -> EditStep | None:
    if not edits:
        return None
    photos = frozenset(edit.photo_id for edit in edits if edit.photo_id is not None)
    edit = edits[0]  # the others differ in their photos only
    if edit.kind is EditKind.HIT_JUDGED:
        match = bool(edit.details["match"]) if edit.details else None
        return EditStep(edit.kind, photos, query=edit.subject, match=match)
    return EditStep(edit.kind, photos, name=edit.details.get("name", ""))


def _outline(region: Region) -> dict[str, Any]:
    return {
        "box_xyxy": list(region.box_xyxy.as_tuple()),
        "size_hw": list(region.rle.size_hw),
        "counts": region.rle.counts.decode("ascii"),
    }


def _rle(outline: Mapping[str, Any]) -> Rle:
    height, width = outline["size_hw"]
    return Rle((height, width), outline["counts"].encode("ascii"))
