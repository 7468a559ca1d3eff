"""Writes export files: safe names, atomic writes, nothing overwritten or outside the folder."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from engine.errors import DiskFull, EngineError, ExportProblem, PhotoMissing
from engine.jobs.cancel import CancelToken
from engine.paths import sync_folder

NAME_BYTES = 180
"""Longest name without number and suffix, in UTF-8; file systems allow 255 in all."""
_FORBIDDEN = frozenset('<>:"/\\|?*')
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_RESERVED = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"]
    + [f"{device}{digit}" for device in ("COM", "LPT") for digit in "0123456789¹²³"]
)
_OPERATION = "writing the export"
_TEMP_PREFIX, _TEMP_SUFFIX = ".pickout-", ".part"
_STALE_S = 3600.0
_BLOCK_BYTES = 1 << 20


def safe_name(text: str, longest_bytes: int = NAME_BYTES) -> str:
    """``text`` as a file name without suffix that is valid on every system and not misleading.

    Removed: control characters, marks that turn the reading direction, separators, names that
    Windows keeps for devices, dots and blanks at either end.

    >>> safe_name("../a:b"), safe_name("con.x"), safe_name("...")
    ('_a_b', '_con.x', 'photo')
    """
    kept = []
    for character in unicodedata.normalize("NFC", text):
        if character.isspace():
            kept.append(" ")
        elif unicodedata.category(character) in _HIDDEN_CATEGORIES:
            continue
        else:
            kept.append("_" if character in _FORBIDDEN else character)
    name = " ".join("".join(kept).split()).strip(". ")
    name = _cut(name, longest_bytes).strip(". ")
    if name.split(".")[0].rstrip().upper() in _RESERVED:
        name = f"_{name}"
    return name or "photo"


def _cut(text: str, longest_bytes: int) -> str:
    """The longest start of ``text`` of at most so many UTF-8 bytes."""
    return text.encode("utf-8")[:longest_bytes].decode("utf-8", errors="ignore")


class OutputFolder:
    """A folder that files are written into; created if needed. Not thread-safe.

    Raises:
        ExportProblem: it cannot be created, or a file has its name.
        DiskFull: no room to create it.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True)
            self.path = path.resolve(strict=True)
            self._remove_stale_files()
        except OSError as error:
            raise _problem(error, path) from error

    def names(self) -> frozenset[str]:
        """Names of the files in the folder, case-folded, because some systems ignore case."""
        try:
            return frozenset(entry.name.casefold() for entry in os.scandir(self.path))
        except OSError as error:
            raise _problem(error, self.path) from error

    def write(self, name: str, content: bytes, *, replace: bool = False) -> Path:
        """Write a file atomically.

        Args:
            name: a safe file name with its suffix; unless an existing file is to be replaced, a
                number is added while the name is taken.

        Raises:
            DiskFull, ExportProblem: no file was written.
        """
        return self._add(name, lambda temporary: _write_durably(temporary, [content]), replace)

    def copy(self, name: str, source: Path, cancel: CancelToken, *, replace: bool = False) -> Path:
        """Copy a file byte for byte; otherwise as ``write``.

        Raises:
            Cancelled: no file was written.
            PhotoMissing: the source cannot be read.
        """

        def blocks() -> Iterator[bytes]:
            try:
                with source.open("rb") as file:
                    while block := file.read(_BLOCK_BYTES):
                        cancel.raise_if_set()
                        yield block
            except OSError as error:
                raise PhotoMissing(
                    "The photo cannot be read.",
                    operation="copying the photo",
                    path=source,
                    hint="Connect the drive it is on.",
                ) from error

        return self._add(name, lambda temporary: _write_durably(temporary, blocks()), replace)

    def _add(self, name: str, write: Callable[[Path], None], replace: bool) -> Path:
        temporary = self.path / f"{_TEMP_PREFIX}{secrets.token_hex(8)}{_TEMP_SUFFIX}"
        try:
            try:
                write(temporary)
                return self._publish(temporary, name, replace)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise _problem(error, self.path) from error

    def _publish(self, temporary: Path, name: str, replace: bool) -> Path:
        """Give a complete file its name, or the first free numbered one."""
        number = 1
        while True:
            stem, suffix = os.path.splitext(name)
            numbered = name if number == 1 else f"{stem} ({number}){suffix}"
            target = self.path / numbered
            if target.parent != self.path or target.name != numbered:
                raise ExportProblem(
                    "The file's name would lead out of the chosen folder.",
                    operation=_OPERATION,
                    path=target,
                )
            try:
                if replace:
                    os.replace(temporary, target)
                else:
                    _move_without_overwriting(temporary, target)
            except FileExistsError:
                number += 1
                continue
            sync_folder(self.path)
            return target

    def _remove_stale_files(self) -> None:
        """Remove temporary files of killed exports that are at least an hour old."""
        oldest = time.time() - _STALE_S
        for leftover in self.path.glob(f"{_TEMP_PREFIX}*{_TEMP_SUFFIX}"):
            with contextlib.suppress(OSError):
                if leftover.stat().st_mtime < oldest:
                    leftover.unlink()


def _write_durably(path: Path, blocks: Iterable[bytes]) -> None:
    """Write a new file and sync it to disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with open(handle, "wb") as file:
        for block in blocks:
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _move_without_overwriting(source: Path, target: Path) -> None:
    """Give a complete file its final name in one step.

    Raises:
        FileExistsError: the name is taken.
    """
    if os.name == "nt":
        os.rename(source, target)  # refuses an existing target there
        return
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here (FAT, some network shares): claim the name, then replace the claim.
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        os.replace(source, target)


def _problem(error: OSError, path: Path) -> EngineError:
    """The error with a message and a hint for people."""
    full = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}
    if error.errno in full:
        return DiskFull(
            "There is no room left for the export.",
            operation=_OPERATION,
            path=path,
            hint="Free some space or choose another folder.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ExportProblem(
            "Writing into this folder is not allowed.",
            operation=_OPERATION,
            path=path,
            hint="Choose a folder that you may write to.",
        )
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return ExportProblem(
            "A file is in the way of the folder to write into.",
            operation=_OPERATION,
            path=path,
            hint="Choose another folder.",
        )
    return ExportProblem(
        f"The export could not be written: {error.strerror or error}.",
        operation=_OPERATION,
        path=path,
        hint="Choose another folder, or check the drive.",
    )
