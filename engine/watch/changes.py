"""What differs between the files of a folder and what the store knows of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.watch.scanner import FileFacts


class StoredFile(NamedTuple):
    """What the store remembers of a file; a plain pair will do."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class FolderDiff:
    """``added`` and ``changed`` files as they are now, ``gone`` as relative paths."""

    added: tuple[FileFacts, ...]
    changed: tuple[FileFacts, ...]
    gone: tuple[str, ...]
    unchanged_count: int


def diff(
    on_disk: Iterable[FileFacts],
    in_store: Mapping[str, tuple[int, int]],
    unseen: Collection[str] = (),
) -> FolderDiff:
    """Compare by relative path; a file changed if its size or time did.

    Args:
        in_store: relative path -> ``StoredFile``.
        unseen: folders (relative paths) that could not be read: nobody knows what happened to
            the files below, so they count as unchanged.

    >>> now = [FileFacts("a.jpg", 10, 5), FileFacts("b.jpg", 10, 6)]
    >>> then = {"b.jpg": StoredFile(10, 5), "c.jpg": StoredFile(1, 1), "x/d.jpg": StoredFile(1, 1)}
    >>> found = diff(now, then, unseen=["x"])
    >>> [file.rel_path for file in found.added], [file.rel_path for file in found.changed]
    (['a.jpg'], ['b.jpg'])
    >>> found.gone, found.unchanged_count
    (('c.jpg',), 1)
    """
    added, changed, unchanged, seen = [], [], 0, set()
    for file in on_disk:
        seen.add(file.rel_path)
        stored = in_store.get(file.rel_path)
        if stored is None:
            added.append(file)
        elif tuple(stored) != (file.size_bytes, file.mtime_ns):
            changed.append(file)
        else:
            unchanged += 1
    hidden = tuple(f"{folder}/" for folder in unseen)
    missing = [rel_path for rel_path in in_store if rel_path not in seen]
    gone = tuple(rel_path for rel_path in missing if not rel_path.startswith(hidden))
    unchanged += len(missing) - len(gone)
    return FolderDiff(tuple(added), tuple(changed), gone, unchanged)
