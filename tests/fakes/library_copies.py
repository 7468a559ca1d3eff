"""Copies of an indexed library, because indexing the same photos for every test takes longest."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path


def copy_library(source: Path, target: Path) -> Path:
    """Copy ``source / "photos"`` and the closed library ``source / "library"`` that watches them.

    Times of files are kept, so that a scan finds nothing changed.

    Args:
        target: an existing folder.

    Returns:
        The folder of the copied library.
    """
    for name in ("photos", "library"):
        shutil.copytree(source / name, target / name, dirs_exist_ok=True)
    connection = sqlite3.connect(target / "library" / "library.sqlite")
    with connection:
        connection.execute("UPDATE folders SET path = ?", (str(target / "photos"),))
    connection.close()
    return target / "library"
