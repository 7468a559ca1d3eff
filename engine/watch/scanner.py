"""Walks a folder and lists the photo files below it, and what it had to leave out."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from engine.decode.formats import PHOTO_SUFFIXES
from engine.errors import FolderProblem
from engine.jobs import CancelToken

JUNK = frozenset(
    {
        *("@eadir", ".thumbnails", "$recycle.bin", "system volume information", "lost+found"),
        *("#recycle", "#snapshot", "__macosx", "found.000"),
    }
)
"""Folders (lower case) that hold what others made or threw away. Hidden ones are left out too."""

_JUNCTION_TAG = 0xA0000003  # stat.IO_REPARSE_TAG_MOUNT_POINT, which only Windows has
_SCANNING = "looking through the folder"
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file that may be a photo.

    Attributes:
        rel_path: below the folder, with "/" on every system; always valid text.
        mtime_ns: last change, nanoseconds since 1970.
    """

    rel_path: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """Something that looks like a photo, or like a place for photos, and was left out.

    Attributes:
        rel_path: as in ``FileFacts``; bytes that are no text are shown as a replacement mark.
        kind: a short stable word: "folder", "special", "unreadable", "link", "name".
        message: why, one sentence for people; ``hint``: what they can do about it.
    """

    rel_path: str
    kind: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FolderContents:
    """A whole folder at one moment.

    Attributes:
        unseen: folders (relative paths) that could not be read: what they hold is not known.
    """

    files: tuple[FileFacts, ...]
    skipped: tuple[SkippedEntry, ...] = ()
    unseen: tuple[str, ...] = ()


def scan_folder(
    root: Path,
    *,
    cancel: CancelToken | None = None,
    suffixes: Collection[str] = PHOTO_SUFFIXES,
    exclude: Collection[Path] = (),
) -> FolderContents:
    """List the photo files below ``root``. Only looks at names and facts, opens nothing.

    Hidden files and folders, junk, and files with other suffixes are left out silently. Links to
    files are followed, links to folders are not.

    Args:
        suffixes: lower case, with the dot.
        exclude: folders not to enter, such as the library's own.

    Raises:
        FolderProblem: ``root`` is gone, unplugged or may not be read; also if that happens on
            the way, so that what it held is never taken for deleted.
        Cancelled: ``cancel`` was set.
    """
    return _Scan(root, cancel or CancelToken(), frozenset(suffixes), exclude).run()


class _Scan:
    def __init__(
        self,
        root: Path,
        cancel: CancelToken,
        suffixes: frozenset[str],
        exclude: Collection[Path],
    ) -> None:
        self._root = root
        self._cancel = cancel
        self._suffixes = suffixes
        self._files: list[FileFacts] = []
        self._skipped: list[SkippedEntry] = []
        self._unseen: list[str] = []
        self._waiting: list[str] = [""]
        # Folders entered or never to be entered: mounts and junctions can make loops.
        self._known = {identity for path in exclude if (identity := _identity(path)) is not None}

    def run(self) -> FolderContents:
        root_identity = self._require_root()
        if root_identity in self._known:
            return FolderContents(())
        while self._waiting:
            self._cancel.raise_if_set()
            self._visit(self._waiting.pop())
        if self._require_root() != root_identity:
            raise _folder_gone(self._root)
        return FolderContents(tuple(self._files), tuple(self._skipped), tuple(self._unseen))

    def _require_root(self) -> tuple[int, int]:
        try:
            with os.scandir(self._root):
                pass
            facts = os.stat(self._root)
        except OSError as error:
            if error.errno in _GONE:
                raise _folder_gone(self._root) from error
            denied = error.errno in (errno.EACCES, errno.EPERM)
            raise FolderProblem(
                "You are not allowed to read this folder."
                if denied
                else f"The folder cannot be read ({error.strerror}).",
                operation=_SCANNING,
                path=self._root,
                hint="Change its permissions, or ask the one who owns it."
                if denied
                else "Check the drive and its cable.",
            ) from error
        return facts.st_dev, facts.st_ino

    def _visit(self, folder: str) -> None:
        path = os.path.join(self._root, folder)
        identity = _identity(path)
        if identity is not None and identity in self._known:
            return
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    self._look_at(entry, f"{folder}/{entry.name}" if folder else entry.name)
        except OSError as error:
            self._fail(folder, error)
        if identity is not None:
            self._known.add(identity)

    def _fail(self, folder: str, error: OSError) -> None:
        self._require_root()  # everything fails once a drive is unplugged
        if not os.path.lexists(os.path.join(self._root, folder)) and error.errno in _GONE:
            return  # deleted a moment ago
        self._unseen.append(folder)
        if error.errno in (errno.EACCES, errno.EPERM):
            message, hint = "You are not allowed to read this folder.", "Change its permissions."
        elif error.errno == errno.ENAMETOOLONG:
            message, hint = "The path is too long.", "Move the folder to a higher place."
        else:
            message = f"The folder cannot be read ({error.strerror})."
            hint = "Check the drive and its cable."
        self._skip(folder, "unreadable", message, hint)

    def _look_at(self, entry: os.DirEntry[str], rel_path: str) -> None:
        self._cancel.raise_if_set()
        if entry.name.startswith("."):
            return
        looks_like_a_photo = os.path.splitext(entry.name)[1].lower() in self._suffixes
        try:
            if entry.is_dir(follow_symlinks=False):
                self._look_at_folder(entry, rel_path, looks_like_a_photo)
            elif entry.is_symlink() and entry.is_dir():
                self._look_at_linked_folder(entry, rel_path)
            elif looks_like_a_photo:
                self._look_at_file(entry, rel_path)
        except OSError as error:
            if looks_like_a_photo and error.errno not in _GONE:
                self._skip(rel_path, "unreadable", f"It cannot be read ({error.strerror}).")

    def _look_at_folder(
        self, entry: os.DirEntry[str], rel_path: str, looks_like_a_photo: bool
    ) -> None:
        if entry.name.lower() in JUNK or _is_system_folder(entry):
            return
        if looks_like_a_photo:
            self._skip(
                rel_path,
                "folder",
                f"{_shown(entry.name)} is a folder, not a photo.",
                "Rename it if its name is confusing; photos in it are found anyway.",
            )
        if not _is_text(entry.name):
            self._skip_name(rel_path)
            return
        self._waiting.append(rel_path)

    def _look_at_linked_folder(self, entry: os.DirEntry[str], rel_path: str) -> None:
        target, root = Path(os.path.realpath(entry.path)), Path(os.path.realpath(self._root))
        if target.is_relative_to(root) or root.is_relative_to(target):
            return  # it is found where it lies, or leads back up
        self._skip(
            rel_path,
            "link",
            "This is a link to another folder; such links are not followed.",
            "Add the folder that it leads to.",
        )

    def _look_at_file(self, entry: os.DirEntry[str], rel_path: str) -> None:
        try:
            facts = entry.stat()
        except FileNotFoundError:
            if entry.is_symlink():
                self._skip(
                    rel_path,
                    "link",
                    "This is a link to a file that is not there.",
                    "Delete the link, or bring the file back.",
                )
            return
        if not stat.S_ISREG(facts.st_mode):
            self._skip(rel_path, "special", "This is not an ordinary file.")
        elif not _is_text(entry.name):
            self._skip_name(rel_path)
        else:
            self._files.append(FileFacts(rel_path, facts.st_size, facts.st_mtime_ns))

    def _skip_name(self, rel_path: str) -> None:
        self._skip(
            rel_path,
            "name",
            "The name contains characters that cannot be read.",
            "Rename it.",
        )

    def _skip(self, rel_path: str, kind: str, message: str, hint: str = "") -> None:
        self._skipped.append(SkippedEntry(_shown(rel_path), kind, message, hint))


def _identity(path: os.PathLike[str] | str) -> tuple[int, int] | None:
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    # Some network drives give every folder the number 0.
    return (facts.st_dev, facts.st_ino) if facts.st_ino else None


def _is_system_folder(entry: os.DirEntry[str]) -> bool:
    """Hidden folders of Windows, and its junctions, which are links in disguise."""
    if sys.platform != "win32":
        return False
    facts = entry.stat(follow_symlinks=False)
    attributes = getattr(facts, "st_file_attributes", 0)
    hidden = stat.FILE_ATTRIBUTE_HIDDEN | stat.FILE_ATTRIBUTE_SYSTEM
    return bool(attributes & hidden) or getattr(facts, "st_reparse_tag", 0) == _JUNCTION_TAG


def _is_text(name: str) -> bool:
    """False for names with bytes that are no text: no database or window can hold them."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _folder_gone(root: Path) -> FolderProblem:
    return FolderProblem(
        "The folder is not there.",
        operation=_SCANNING,
        path=root,
        hint="If it is on an external or network drive, connect it; nothing is forgotten.",
    )
