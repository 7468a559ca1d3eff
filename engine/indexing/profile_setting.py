"""Which models answer and which are to answer next, as the settings keep it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from engine import settings as settings_file
from engine.errors import EngineError
from engine.profiles import registry
from engine.profiles.profile import Profile
from engine.settings import Settings


class ProfileSetting:
    """Written to the settings before anything is done, so that a kill loses no wish. Thread-safe.

    Attributes:
        note: why the wish of an earlier time cannot be followed now; "" if it can.
    """

    def __init__(self, path: Path, settings: Settings, *, follow: bool) -> None:
        """Args:
        follow: go on with what was wished when the library was last open.
        """
        self._path = path
        self._settings = settings
        self._stamp = _stamp(path)
        self._lock = threading.Lock()
        self._target: Profile | None = None
        self.note = ""
        if follow and settings.next_profile:
            try:
                self._target = registry.by_name(settings.next_profile)
            except EngineError as error:
                self.note = (
                    f"The change to the models {settings.next_profile} has to wait: {error.message}"
                )

    @property
    def settings(self) -> Settings:
        """As they are in the file now: ``pickout-cli settings`` may change them meanwhile."""
        stamp = _stamp(self._path)
        if stamp is not None and stamp != self._stamp:
            self._settings, self._stamp = settings_file.load(self._path)[0], stamp
        return self._settings

    @property
    def target(self) -> Profile | None:
        """The profile that is to answer; None if the right one answers."""
        return self._target

    def request(self, profile: Profile) -> None:
        """Raises:
        DiskFull, BadRequest: the settings cannot be saved; nothing has changed.
        """
        with self._lock:
            self._save(next_profile=profile.name)
            self._target = profile

    def withdraw(self, answering: Profile) -> None:
        """The models that answer shall stay. Raises as ``request`` does."""
        with self._lock:
            kept = self.settings
            if (kept.profile, kept.next_profile) != (answering.name, ""):
                self._save(profile=answering.name, next_profile="")
            self._target, self.note = None, ""

    def complete(self, profile: Profile) -> bool:
        """It is what answers from now on; False if something else is wished by now. Raises as
        ``request`` does."""
        with self._lock:
            if self._target is not profile:
                return False
            self._save(profile=profile.name, next_profile="")
            self._target = None
            return True

    def _save(self, **changes: str) -> None:
        fresh = replace(self.settings, **changes)
        settings_file.save(self._path, fresh)
        self._settings, self._stamp = fresh, _stamp(self._path)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Changes with the file, which is always replaced as a whole; None if there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
