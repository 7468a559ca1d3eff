"""The difference between the files of a folder and their records in the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.watch.scanner import FileFacts


class StoredFile(NamedTuple):
    """Size and time of a file as recorded in the store; a plain pair of them works too."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class FolderDiff:
    """The difference of one folder.

    Attributes:
        added: files that the store does not have.
        changed: files whose size or time differs; with their present size and time.
        gone: relative paths of files that no longer exist.
        unchanged_count: number of all other files of the store.
    """

    added: tuple[FileFacts, ...]
    changed: tuple[FileFacts, ...]
    gone: tuple[str, ...]
    unchanged_count: int


def diff(
    on_disk: Iterable[FileFacts],
    in_store: Mapping[str, tuple[int, int]],
    unreadable_folders: Collection[str] = (),
) -> FolderDiff:
    """Compare files by relative path; a file has changed if its size or time differs.

    Args:
        on_disk: the files of the folder.
        in_store: relative path -> ``StoredFile``.
        unreadable_folders: relative paths of folders that could not be read. The state of the
            files below them is unknown, so they count as unchanged.

    >>> now = [FileFacts("a.jpg", 10, 5), FileFacts("b.jpg", 10, 6)]
    >>> then = {"b.jpg": StoredFile(10, 5), "c.jpg": StoredFile(1, 1), "x/d.jpg": StoredFile(1, 1)}
    >>> difference = diff(now, then, unreadable_folders=["x"])
    >>> [file.rel_path for file in (*difference.added, *difference.changed)]
    ['a.jpg', 'b.jpg']
    >>> difference.gone, difference.unchanged_count
    (('c.jpg',), 1)
    """
    added, changed, unchanged = [], [], 0
    rel_paths: set[str] = set()
    for file in on_disk:
        rel_paths.add(file.rel_path)
        stored = in_store.get(file.rel_path)
        if stored is None:
            added.append(file)
        elif tuple(stored) != (file.size_bytes, file.mtime_ns):
            changed.append(file)
        else:
            unchanged += 1
    unreadable = tuple(f"{folder}/" for folder in unreadable_folders)
    missing = [rel_path for rel_path in in_store if rel_path not in rel_paths]
    gone = tuple(rel_path for rel_path in missing if not rel_path.startswith(unreadable))
    unchanged += len(missing) - len(gone)
    return FolderDiff(tuple(added), tuple(changed), gone, unchanged)
