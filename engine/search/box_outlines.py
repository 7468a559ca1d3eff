"""Masks for hits whose reranker box no stored mask fits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from engine.errors import Cancelled, EngineError
from engine.jobs.cancel import CancelToken
from engine.records import BoxXyxy, Photo, PhotoId, Region, SearchHit, Verdict

log = logging.getLogger(__name__)

OutlineBox = Callable[[Photo, BoxXyxy, CancelToken], Region | None]
"""Makes a region for the thing in a box (pixels of the upright photo); None if there is none.
Raises EngineError, Cancelled."""
_KEPT = 200


class BoxOutlines:
    """Makes one mask for each box and caches it. Search lane only.

    Cached verdicts come at once when a search is repeated; so do the masks of their boxes.
    """

    def __init__(self, outline: OutlineBox) -> None:
        self._outline = outline
        self._made: dict[tuple[PhotoId, BoxXyxy], Region | None] = {}

    def with_region(self, hit: SearchHit, cancel: CancelToken) -> SearchHit:
        """The hit with a region in place of its box; unchanged if it has no box, was rejected, or
        no mask could be made.

        Raises:
            Cancelled: ``cancel`` was set.
        """
        box = hit.box_xyxy
        if box is None or hit.verdict not in (Verdict.MATCH, Verdict.UNSURE):
            return hit
        region = self._region(hit.photo, box, cancel)
        if region is None:
            return hit
        return replace(hit, region=region, parts=(), box_xyxy=None)

    def _region(self, photo: Photo, box: BoxXyxy, cancel: CancelToken) -> Region | None:
        key = (photo.id, box)
        if key not in self._made:
            try:
                made = self._outline(photo, box, cancel)
            except Cancelled:
                raise
            except Exception as error:  # even a bug costs no more than an outline
                bug = not isinstance(error, EngineError)
                log.info("no outline in %s: %s", photo.path, error, exc_info=bug)
                return None
            while len(self._made) >= _KEPT:
                self._made.pop(next(iter(self._made)))
            self._made[key] = made
        return self._made[key]
