"""Every place on disk that Pickout uses, in one module."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resources_dir() -> Path:
    """The folder of shipped files: sample photos, starter weights, icons, licences.

    In the repository it lies beside ``engine``; an installed wheel carries it as
    ``pickout_resources``, because ``resources`` would be anybody's name in site-packages.
    """
    installed = _PACKAGE.parent / "pickout_resources"
    return installed if installed.is_dir() else _PACKAGE.parent / "resources"


def default_library_dir() -> Path:
    """Where the library is kept unless somebody names another folder; not created here."""
    return _data_place("library")


def models_dir() -> Path:
    """Where installed models lie, for all libraries; ``PICKOUT_MODELS`` names another folder."""
    named = os.environ.get("PICKOUT_MODELS")
    return Path(named).expanduser() if named else _data_place("models")


def _data_place(name: str) -> Path:
    """A folder of ours where this system keeps the data of programs, written as it does."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        return base / "Pickout" / name.title()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Pickout" / name.title()
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "pickout" / name


@dataclass(frozen=True, slots=True)
class LibraryPaths:
    """The files of one library, all below ``root``."""

    root: Path

    @property
    def store(self) -> Path:
        """The SQLite file, the truth. ``-wal`` and ``-shm`` beside it belong to it."""
        return self.root / "library.sqlite"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes."""
        return self.root / "library.lock"

    @property
    def thumbnails(self) -> Path:
        """Derived; may be deleted while the library is closed."""
        return self.root / "thumbnails.sqlite"

    @property
    def settings(self) -> Path:
        return self.root / "settings.json"

    @property
    def second_look_log(self) -> Path:
        """What the native code that runs language models prints."""
        return self.root / "second-look.log"

    def index(self, profile_key: str) -> Path:
        """The folder of a profile's vector index; derived, may be deleted while closed."""
        digest = hashlib.sha256(profile_key.encode("utf-8")).hexdigest()
        return self.root / "index" / digest[:16]
