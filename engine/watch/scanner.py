"""Lists the photo files below a folder, and the entries that had to be skipped."""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.decode.formats import PHOTO_SUFFIXES, SIDECAR_SUFFIX
from engine.errors import FolderProblem
from engine.file_names import shown
from engine.jobs import CancelToken
from engine.watch import unread_kinds
from engine.watch.rules import Rules

_JUNCTION_TAG = 0xA0000003  # stat.IO_REPARSE_TAG_MOUNT_POINT, which only Windows has
_SCANNING = "looking through the folder"
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file that may be a photo.

    Attributes:
        rel_path: relative to the folder, with "/" on every system; bytes that are no UTF-8 are lone
            surrogates, as everywhere in Python.
        mtime_ns: time of the last change, nanoseconds since 1970.
    """

    rel_path: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """A file or folder that may be or hold a photo, and was skipped.

    Attributes:
        rel_path: as in ``FileFacts``.
        kind: "folder", "special", "unreadable" or "link".
        message: the reason, one sentence for the user.
        hint: what the user can do about it.
    """

    rel_path: str
    kind: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FolderContents:
    """The result of one scan of a folder.

    Attributes:
        files: the photo files.
        skipped: entries that were left out and why.
        unreadable_folders: relative paths of folders whose content is unknown.
        unread: kinds of files that Pickout does not read, see ``unread_kinds``, and how many there
            are, most first.
        sidecars: relative path -> version, by which a change is noticed, of the XMP files.
        mounts: relative paths of folders that lie on another file system than ``root``.
    """

    files: tuple[FileFacts, ...]
    skipped: tuple[SkippedEntry, ...] = ()
    unreadable_folders: tuple[str, ...] = ()
    unread: tuple[tuple[str, int], ...] = ()
    sidecars: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[str, ...] = ()


def scan_folder(
    root: Path,
    *,
    cancel: CancelToken | None = None,
    suffixes: Collection[str] = PHOTO_SUFFIXES,
    exclude: Collection[Path] = (),
    rules: Rules | None = None,
) -> FolderContents:
    """List the photo files below ``root``, by name and metadata only; no file is opened.

    What the rules leave out and files with other suffixes are left out without a report. Links to
    files are followed, links to folders are not.

    Args:
        cancel: token that stops the scan.
        suffixes: suffixes of photo files, lower case, with the dot.
        exclude: folders not to enter, such as the library's own.
        rules: what else is left out; None for the default rules.

    Raises:
        FolderProblem: ``root`` is gone, unplugged or not readable; also if that happens during
            the scan, so that its files are never taken for deleted.
        Cancelled: ``cancel`` was set.
    """
    return _Scan(
        root, cancel or CancelToken(), frozenset(suffixes), exclude, rules or Rules()
    ).run()


class _Scan:
    """State of one scan."""

    def __init__(
        self,
        root: Path,
        cancel: CancelToken,
        suffixes: frozenset[str],
        exclude: Collection[Path],
        rules: Rules,
    ) -> None:
        self._root = root
        self._cancel = cancel
        self._suffixes = suffixes
        self._rules = rules
        self._unread: Counter[str] = Counter()
        self._mounts: dict[str, tuple[int, int]] = {}
        self._files: list[FileFacts] = []
        self._skipped: list[SkippedEntry] = []
        self._unreadable_folders: list[str] = []
        self._sidecars: dict[str, str] = {}
        self._pending: list[str] = [""]
        # Folders already entered, or excluded: mounts and junctions can form loops.
        self._entered = {identity for path in exclude if (identity := _identity(path)) is not None}

    def run(self) -> FolderContents:
        """Scan the folder."""
        root_identity = self._require_root()
        if root_identity in self._entered:
            return FolderContents(())
        while self._pending:
            self._cancel.raise_if_set()
            self._visit_folder(self._pending.pop(), root_identity[0])
        if self._require_root() != root_identity:
            raise _folder_gone(self._root)
        for folder, identity in self._mounts.items():
            if _identity(os.path.join(self._root, folder)) != identity:
                self._unreadable_folders.append(folder)  # unmounted during the scan
        return FolderContents(
            tuple(self._files),
            tuple(self._skipped),
            tuple(self._unreadable_folders),
            tuple(self._unread.most_common()),
            self._sidecars,
            tuple(self._mounts),
        )

    def _require_root(self) -> tuple[int, int]:
        """Device and inode of the root; raises ``FolderProblem`` if it cannot be read."""
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

    def _visit_folder(self, folder: str, root_device: int) -> None:
        path = os.path.join(self._root, folder)
        identity = _identity(path)
        if identity is not None and identity in self._entered:
            return
        if identity is not None and identity[0] != root_device and folder:
            below_mount = any(folder.startswith(f"{mount}/") for mount in self._mounts)
            if not below_mount:
                self._mounts[folder] = identity
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    self._visit_entry(entry, f"{folder}/{entry.name}" if folder else entry.name)
        except OSError as error:
            self._record_unreadable(folder, error)
        if identity is not None:
            self._entered.add(identity)

    def _record_unreadable(self, folder: str, error: OSError) -> None:
        self._require_root()  # raises if the whole drive was unplugged
        if not os.path.lexists(os.path.join(self._root, folder)) and error.errno in _GONE:
            return  # deleted a moment ago
        self._unreadable_folders.append(folder)
        if error.errno in (errno.EACCES, errno.EPERM):
            message, hint = "You are not allowed to read this folder.", "Change its permissions."
        elif error.errno == errno.ENAMETOOLONG:
            message, hint = "The path is too long.", "Move the folder to a higher place."
        else:
            message = f"The folder cannot be read ({error.strerror})."
            hint = "Check the drive and its cable."
        self._skip(folder, "unreadable", message, hint)

    def _visit_entry(self, entry: os.DirEntry[str], rel_path: str) -> None:
        self._cancel.raise_if_set()
        suffix = os.path.splitext(entry.name)[1].lower()
        has_photo_suffix = suffix in self._suffixes
        try:
            if entry.is_dir():
                if not self._rules.leave_out(rel_path, folder=True):
                    self._visit_folder_entry(entry, rel_path, has_photo_suffix)
            elif has_photo_suffix:
                if not self._rules.leave_out(rel_path):
                    self._visit_file(entry, rel_path)
            elif suffix == SIDECAR_SUFFIX and entry.is_file():
                if not self._rules.leave_out(rel_path):
                    facts = entry.stat()
                    self._sidecars[rel_path] = f"{facts.st_mtime_ns}/{facts.st_size}"
            elif (kind := unread_kinds.kind_of(suffix, self._suffixes)) is not None and (
                not self._rules.leave_out(rel_path)
            ):
                self._unread[kind] += 1
        except OSError as error:
            if has_photo_suffix and error.errno not in _GONE:
                self._skip(rel_path, "unreadable", f"It cannot be read ({error.strerror}).")

    def _visit_folder_entry(
        self, entry: os.DirEntry[str], rel_path: str, has_photo_suffix: bool
    ) -> None:
        if entry.is_symlink():
            self._visit_linked_folder(entry, rel_path)
            return
        if _is_system_folder(entry):
            return
        if has_photo_suffix:
            self._skip(
                rel_path,
                "folder",
                f"{shown(entry.name)} is a folder, not a photo.",
                "Rename it if its name is confusing; photos in it are found anyway.",
            )
        self._pending.append(rel_path)

    def _visit_linked_folder(self, entry: os.DirEntry[str], rel_path: str) -> None:
        target, root = Path(os.path.realpath(entry.path)), Path(os.path.realpath(self._root))
        if target.is_relative_to(root) or root.is_relative_to(target):
            return  # inside the root, and scanned there; or it leads back up
        self._skip(
            rel_path,
            "link",
            "This is a link to another folder; such links are not followed.",
            "Add the folder that it leads to.",
        )

    def _visit_file(self, entry: os.DirEntry[str], rel_path: str) -> None:
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
        else:
            self._files.append(FileFacts(rel_path, facts.st_size, facts.st_mtime_ns))

    def _skip(self, rel_path: str, kind: str, message: str, hint: str = "") -> None:
        self._skipped.append(SkippedEntry(rel_path, kind, message, hint))


def _identity(path: os.PathLike[str] | str) -> tuple[int, int] | None:
    """Device and inode; None if they are not known."""
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    # Some network drives report inode 0 for every folder.
    return (facts.st_dev, facts.st_ino) if facts.st_ino else None


def _is_system_folder(entry: os.DirEntry[str]) -> bool:
    """Whether a folder is hidden on Windows, or a junction, which is a kind of link."""
    if os.name != "nt":  # mypy would take the rest for unreachable with ``sys.platform``
        return False
    facts = entry.stat(follow_symlinks=False)
    attributes = getattr(facts, "st_file_attributes", 0)
    hidden = stat.FILE_ATTRIBUTE_HIDDEN | stat.FILE_ATTRIBUTE_SYSTEM
    return bool(attributes & hidden) or getattr(facts, "st_reparse_tag", 0) == _JUNCTION_TAG


def _folder_gone(root: Path) -> FolderProblem:
    return FolderProblem(
        "The folder is not there.",
        operation=_SCANNING,
        path=root,
        hint="If it is on an external or network drive, connect it; nothing is forgotten.",
    )
