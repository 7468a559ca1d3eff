"""The active profile and the requested one, as stored in the settings file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine import settings as settings_file
from engine.errors import EngineError
from engine.profiles import registry
from engine.profiles.profile import Profile
from engine.settings import Settings


class ProfileSetting:
    """Stores a request to change the profile before any work begins, so that a kill loses none.

    Thread-safe.

    Args:
        path: of the settings file.
        settings: its content.
        resume_change: continue the change that was under way when the library was last open.

    Attributes:
        note: why that change cannot be continued now; empty if it can.
    """

    def __init__(self, path: Path, settings: Settings, *, resume_change: bool) -> None:
        self._path = path
        self._settings = settings
        self._stamp = _stamp(path)
        self._lock = threading.Lock()
        self._target: Profile | None = None
        self.note = ""
        if resume_change and settings.next_profile:
            try:
                self._target = registry.by_name(settings.next_profile)
            except EngineError as error:
                self.note = (
                    f"The change to the models {settings.next_profile} has to wait: {error.message}"
                )

    @property
    def settings(self) -> Settings:
        """The content of the file, read again if ``pickout-cli settings`` has changed it."""
        stamp = _stamp(self._path)
        if stamp is not None and stamp != self._stamp:
            self._settings, self._stamp = settings_file.load(self._path)[0], stamp
        return self._settings

    @property
    def target(self) -> Profile | None:
        """The requested profile; None if the active one is to stay."""
        return self._target

    def request(self, profile: Profile) -> None:
        """Request a change to this profile.

        Raises:
            DiskFull, BadRequest: the settings cannot be saved; nothing has changed.
        """
        with self._lock:
            self._save(next_profile=profile.name)
            self._target = profile

    def change(self, change: Callable[[Settings], Settings]) -> Settings:
        """Store other values of settings that have nothing to do with the profile.

        Args:
            change: the stored settings -> those to store.

        Raises:
            DiskFull, BadRequest: the settings cannot be saved; nothing has changed.
        """
        with self._lock:
            self._store(change(self.settings))
            return self._settings

    def withdraw(self, active: Profile) -> None:
        """Withdraw the request and keep the active profile. Raises as ``request`` does."""
        with self._lock:
            current = self.settings
            if (current.profile, current.next_profile) != (active.name, ""):
                self._save(profile=active.name, next_profile="")
            self._target, self.note = None, ""

    def complete(self, profile: Profile) -> bool:
        """Store the requested profile as the active one. Raises as ``request`` does.

        Returns:
            False, with nothing stored, if another profile has been requested meanwhile.
        """
        with self._lock:
            if self._target is not profile:
                return False
            self._save(profile=profile.name, next_profile="")
            self._target = None
            return True

    def _save(self, *, next_profile: str, profile: str | None = None) -> None:
        """Write both settings; None leaves ``profile`` as it is."""
        current = self.settings
        changed = replace(
            current,
            profile=current.profile if profile is None else profile,
            next_profile=next_profile,
        )
        self._store(changed)

    def _store(self, changed: Settings) -> None:
        settings_file.save(self._path, changed)
        self._settings, self._stamp = changed, _stamp(self._path)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Time, size and inode, which change with every replacement of the file; None without a
    file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
