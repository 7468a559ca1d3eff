"""Checks whether a folder can be watched."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from engine.errors import FolderProblem


def validate_folder(path: Path, library_root: Path, watched: Iterable[Path]) -> None:
    """Check a folder before it is added. All paths must be resolved.

    Raises:
        FolderProblem: it does not exist, is not a folder, cannot be read, holds the library or lies
            in it, or overlaps another folder.
    """
    if not path.exists():
        raise _problem("This folder does not exist.", path, "Check its name.")
    if not path.is_dir():
        raise _problem("This is not a folder.", path, "Add the folder that it lies in.")
    try:
        with os.scandir(path) as entries:
            next(entries, None)
    except OSError as error:
        reason = error.strerror or str(error)
        raise _problem(
            f"This folder cannot be read ({reason}).", path, "Check its permissions."
        ) from error
    if library_root.is_relative_to(path) or path.is_relative_to(library_root):
        raise _problem(
            "This folder holds the library itself, or lies inside it.",
            path,
            "Add the folders with your photos one by one, or keep the library elsewhere.",
        )
    for other in watched:
        if path == other:
            continue
        if path.is_relative_to(other):
            raise _problem(
                f"This folder is watched already, as a part of {other}.", path, "Nothing to do."
            )
        if other.is_relative_to(path):
            raise _problem(
                f"A folder inside this one is watched already: {other}.",
                path,
                "Remove that one first; its photos are found again without being looked at anew.",
            )


def _problem(message: str, path: Path, hint: str) -> FolderProblem:
    return FolderProblem(message, operation="adding a folder", path=path, hint=hint)
