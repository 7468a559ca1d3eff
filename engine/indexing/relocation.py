"""Watched folders that were moved as a whole: to another drive letter, mount point or computer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from engine.decode.reader import fingerprint
from engine.errors import BadRequest, EngineError, FolderProblem
from engine.indexing.folder_validation import validate_folder
from engine.jobs import JobContext, Progress
from engine.records import FolderId, FolderMove
from engine.store.rows import SampledFile
from engine.store.store import Store

OPERATION = "moving a folder"
_STAGE = "Comparing photos"
SAMPLE = 32
"""Files that are looked for at the new place; of so many the bytes are compared too:"""
HASHED = 8
_ENOUGH = 0.9
"""Share of the sample that has to be there: a few files may have changed on the way."""


def checked_moves(
    store: Store, library_root: Path, old: PurePath | str, new: Path, context: JobContext
) -> tuple[FolderMove, ...]:
    """The watched folders that ``old`` is or holds, and whether they are really below ``new``.

    Args:
        old: absolute, as it was on the computer that watched it; it need not exist.
        new: absolute and resolved.

    Raises:
        BadRequest: no watched folder is at ``old`` or below it.
        FolderProblem: the new place is not there, cannot be watched, or holds other files.
        Cancelled: nothing was changed.
    """
    watched = store.folders.paths()
    places = _places(watched, old, new)
    if not places:
        raise BadRequest(
            "No watched folder is there, nor below it.",
            operation=OPERATION,
            path=Path(old),
            hint=f"Watched are: {', '.join(str(path) for path in watched.values()) or 'none'}.",
        )
    staying = [path for folder_id, path in watched.items() if folder_id not in places]
    moves = []
    for folder_id, place in places.items():
        validate_folder(place, library_root, staying)
        sample = store.files.sample(folder_id, SAMPLE)
        there = _count_there(place, sample, context)
        if there < _ENOUGH * len(sample):
            raise FolderProblem(
                f"Of {len(sample)} photos that were looked for here, {there} are the same.",
                operation=OPERATION,
                path=place,
                hint="Name the folder that holds the same photos now. Nothing was changed.",
            )
        moves.append(FolderMove(folder_id, watched[folder_id], place, there, len(sample)))
    return tuple(moves)


def relocated(path: PurePath, old: PurePath | str, new: Path) -> Path | None:
    r"""``path`` with its beginning ``old`` replaced by ``new``; None if it does not begin so.

    >>> relocated(PurePosixPath("/mnt/usb/2021"), "/mnt/usb", Path("/media")).as_posix()
    '/media/2021'
    >>> relocated(PurePosixPath("D:\\Photos\\2021"), "d:/photos", Path("/media")).as_posix()
    '/media/2021'
    >>> relocated(PurePosixPath("/mnt/usb2"), "/mnt/usb", Path("/media")) is None
    True
    """
    windows = re.match(r"[A-Za-z]:|\\\\", str(path))
    kind = PureWindowsPath if windows else PurePosixPath
    try:
        return new.joinpath(*kind(str(path)).relative_to(kind(str(old))).parts)
    except ValueError:
        return None


def _places(
    watched: Mapping[FolderId, Path], old: PurePath | str, new: Path
) -> dict[FolderId, Path]:
    places = {folder_id: relocated(path, old, new) for folder_id, path in watched.items()}
    return {folder_id: place for folder_id, place in places.items() if place is not None}


def _count_there(place: Path, sample: Sequence[SampledFile], context: JobContext) -> int:
    there, to_hash = 0, HASHED
    for done, file in enumerate(sample):
        context.cancel.raise_if_set()
        context.report(Progress(_STAGE, done, len(sample), current=file.rel_path))
        path = place / file.rel_path
        try:
            same = path.stat().st_size == file.size_bytes
            if same and file.content_hash is not None and to_hash > 0:
                to_hash -= 1
                same = fingerprint(path)[0] == file.content_hash
        except (OSError, EngineError):
            same = False
        there += same
    return there
