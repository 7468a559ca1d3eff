"""Whether photos that a scan did not find are deleted, or their drive is away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from engine.watch.changes import FolderDiff
from engine.watch.scanner import FolderContents

FEWEST = 5
"""Fewer lost photos than this are deleted ones, unless nothing is left or the volume is another."""


def lost_photos(difference: FolderDiff, in_store: Mapping[str, tuple[int, int]]) -> list[str]:
    """Files that are gone and not found again in the same folder under another name: an added file
    of the same size and time is the same file.

    Args:
        in_store: relative path -> ``StoredFile``, as for ``changes.diff``.
    """
    added = Counter((file.size_bytes, file.mtime_ns) for file in difference.added)
    lost = []
    for rel_path in difference.gone:
        size_bytes, mtime_ns = in_store[rel_path]
        if added[size_bytes, mtime_ns] > 0:
            added[size_bytes, mtime_ns] -= 1
        else:
            lost.append(rel_path)
    return lost


def absent_mounts(
    before: Iterable[str],
    contents: FolderContents,
    in_store: Mapping[str, tuple[int, int]],
) -> tuple[str, ...]:
    """Folders on which a drive was mounted at the last scan, and is not now: photos that they held
    are not there.

    Args:
        before: ``FolderContents.mounts`` at the last scan.
    """
    unmounted = set(before) - set(contents.mounts)
    if not unmounted:
        return ()
    on_disk = {file.rel_path for file in contents.files}
    missing = [rel_path for rel_path in in_store if rel_path not in on_disk]
    return tuple(
        sorted(m for m in unmounted if any(rel_path.startswith(f"{m}/") for rel_path in missing))
    )


def replaced_photos(
    difference: FolderDiff, in_store: Mapping[str, tuple[int, int]], last_scan_ns: int
) -> int:
    """How many files are others than at the last scan without having been changed since: of another
    size, and older than that scan. Whoever edits photos leaves files that are newer."""
    return sum(
        file.mtime_ns < last_scan_ns and file.size_bytes != in_store[file.rel_path][0]
        for file in difference.changed
    )


def too_many(
    lost: Collection[str],
    replaced: int,
    difference: FolderDiff,
    known: int,
    *,
    other_volume: bool,
) -> int:
    """How many photos are lacking, if they are too many to believe that they were deleted; else 0.

    That is: a folder in which nothing is left, as a mount point without its drive; one that has
    lost more than half of its photos; one on another volume than before, if it differs at all.

    Args:
        lost: of the files that are gone, those that are nowhere else.
        replaced: see ``replaced_photos``.
        known: files that the store has of this folder.
        other_volume: the folder is on another volume than at the last scan.
    """
    if other_volume:
        return len(lost) + len(difference.changed)
    kept = len(difference.changed) + difference.unchanged_count
    nothing_left = kept + len(difference.added) == 0 or len(lost) == known
    unlike = len(lost) + replaced
    most = unlike >= FEWEST and 2 * unlike > known
    return unlike if nothing_left or most else 0
