"""The rows of a ranking: hits by verdict, unfolded similar photos after their hit."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from desktop_app.text import formatting, search_text
from engine.records import Photo, PhotoId, SearchHit, Verdict

SECTION_ORDER = (Verdict.MATCH, Verdict.UNSURE, Verdict.UNVERIFIED, Verdict.NO)


def similar_rows(hit: SearchHit) -> list[SearchHit]:
    """A row for each photo that is folded into the hit.

    It has the hit's verdict, which puts it into the same section, and nothing else of it.
    """
    reason = search_text.SIMILAR_REASON.format(name=formatting.file_name(hit.photo.path))
    return [SearchHit(photo, hit.score, None, hit.verdict, reason=reason) for photo in hit.similar]


def hit_rows(
    hits: Sequence[SearchHit], unfolded: Set[PhotoId]
) -> tuple[list[SearchHit], dict[PhotoId, PhotoId]]:
    """The rows of these hits, and for each similar photo among them the photo of its hit.

    Args:
        unfolded: photos of the hits whose similar photos are rows too.
    """
    rows: list[SearchHit] = []
    parents: dict[PhotoId, PhotoId] = {}
    present = {hit.photo.id for hit in hits}
    for verdict in SECTION_ORDER:
        for hit in hits:
            if hit.verdict is not verdict:
                continue
            rows.append(hit)
            for row in similar_rows(hit) if hit.photo.id in unfolded else ():
                if row.photo.id not in present:  # a photo has one row
                    present.add(row.photo.id)
                    parents[row.photo.id] = hit.photo.id
                    rows.append(row)
    return rows, parents


def with_photos(
    hits: Sequence[SearchHit], photos: dict[PhotoId, Photo | None]
) -> tuple[SearchHit, ...]:
    """The hits with newer records of some photos; those of None are left out."""
    kept = []
    for hit in hits:
        photo = photos.get(hit.photo.id, hit.photo)
        if photo is None:
            continue
        similar = tuple(new for old in hit.similar if (new := photos.get(old.id, old)) is not None)
        if (photo, similar) != (hit.photo, hit.similar):
            hit = replace(hit, photo=photo, similar=similar)
        kept.append(hit)
    return tuple(kept)
