"""Writes export files: safe names, atomic writes, nothing overwritten or outside the folder."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
import unicodedata
from pathlib import Path

from engine.errors import DiskFull, EngineError, ExportProblem
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
        self._next_number: dict[str, int] = {}

    def write(self, name: str, suffix: str, content: bytes) -> Path:
        """Write a new file atomically; an existing one is never overwritten.

        Args:
            name: made safe here; a number is added while the name is taken.
            suffix: with its dot.

        Raises:
            DiskFull, ExportProblem: no file was written.
        """
        temporary = self.path / f"{_TEMP_PREFIX}{secrets.token_hex(8)}{_TEMP_SUFFIX}"
        try:
            try:
                _write_durably(temporary, content)
                return self._publish(temporary, safe_name(name), suffix)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise _problem(error, self.path) from error

    def _publish(self, temporary: Path, name: str, suffix: str) -> Path:
        """Move a complete file to the first free numbered name."""
        key = f"{name}{suffix}".casefold()
        while True:
            number = self._next_number.get(key, 1)
            self._next_number[key] = number + 1
            numbered = f"{name}{suffix}" if number == 1 else f"{name} ({number}){suffix}"
            target = self.path / numbered
            if target.parent != self.path or target.name != numbered:
                raise ExportProblem(
                    "The file's name would lead out of the chosen folder.",
                    operation=_OPERATION,
                    path=target,
                )
            try:
                _move_without_overwriting(temporary, target)
            except FileExistsError:
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


def _write_durably(path: Path, content: bytes) -> None:
    """Write a new file and sync it to disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with open(handle, "wb") as file:
        file.write(content)
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
