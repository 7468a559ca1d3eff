"""The files and folders that Pickout uses."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resources_dir() -> Path:
    """The folder of shipped files: sample photos, starter weights, icons, licences.

    In the repository it is ``resources`` beside ``engine``. A wheel installs it as
    ``pickout_resources``, because ``resources`` could clash with other packages.
    """
    installed = _PACKAGE.parent / "pickout_resources"
    return installed if installed.is_dir() else _PACKAGE.parent / "resources"


def default_library_dir() -> Path:
    """The default folder of the library; not created here."""
    return _data_folder("library")


def server_library_dir(name: str) -> Path:
    """The folder for what this computer keeps beside a library that is on a server."""
    return _data_folder("servers") / name


def models_dir() -> Path:
    """The folder of installed models, for all libraries; ``PICKOUT_MODELS`` overrides it."""
    named = os.environ.get("PICKOUT_MODELS")
    return Path(named).expanduser() if named else _data_folder("models")


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut, where that is supported."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)


def _data_folder(name: str) -> Path:
    """A subfolder of Pickout's data folder, by the conventions of this system."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        return base / "Pickout" / name.title()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Pickout" / name.title()
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "pickout" / name


@dataclass(frozen=True, slots=True)
class LibraryPaths:
    """The files of one library.

    Attributes:
        root: the folder of the library; all files are below it.
    """

    root: Path

    @property
    def store(self) -> Path:
        """The SQLite database, with ``-wal`` and ``-shm`` beside it; everything else is derived."""
        return self.root / "library.sqlite"

    @property
    def lock(self) -> Path:
        """The lock file, held by the one process that writes."""
        return self.root / "library.lock"

    @property
    def backups(self) -> Path:
        """The folder of copies of the database, see ``engine/backups``."""
        return self.root / "backups"

    @property
    def restored(self) -> Path:
        """A checked database that takes the place of ``store``; there only while that is done."""
        return self.root / "library.sqlite.restored"

    @property
    def damaged(self) -> Path:
        """An empty file that says that damage was found in ``store`` while it was open."""
        return self.store.with_suffix(".damaged")

    @property
    def thumbnails(self) -> Path:
        """The cache of thumbnails; derived, may be deleted while the library is closed."""
        return self.root / "thumbnails.sqlite"

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.root / "settings.json"

    @property
    def second_look_log(self) -> Path:
        """The log of the process that runs the language model, native output included."""
        return self.root / "second-look.log"

    def index(self, profile_key: str) -> Path:
        """The folder of a profile's vector index; derived, may be deleted while closed."""
        digest = hashlib.sha256(profile_key.encode("utf-8")).hexdigest()
        return self.root / "index" / digest[:16]
