"""The active profile: the one that answers searches, with its index; replaced in one step."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.index.vector_index import VectorIndex
from engine.profiles.profile import Profile
from engine.search.service import SearchService


@dataclass(frozen=True, eq=False)
class ProfileRuntime:
    """A profile in use, with the index of its vectors and the search over them. Immutable.

    Attributes:
        profile_id: the profile's number in the store.
    """

    profile: Profile
    profile_id: int
    index: VectorIndex
    search: SearchService


class ActiveProfile:
    """Holds the runtime of the active profile, and of every other profile in use. Thread-safe.

    Runtimes are counted by their users: a profile in use has exactly one, so that its index has
    one owner, and its index is closed when the last user has released it. The active profile is
    always in use.

    Args:
        build: builds the runtime of a profile; it must not load anything heavy.
        first: the profile that is active at first.
    """

    def __init__(self, build: Callable[[Profile], ProfileRuntime], first: Profile) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._open: dict[str, ProfileRuntime] = {}
        self._users: dict[str, int] = {}
        self._current = self.acquire(first)

    @property
    def current(self) -> ProfileRuntime:
        """The active runtime, for short use; use ``using`` or ``acquire`` to keep it open."""
        return self._current

    @contextlib.contextmanager
    def using(self) -> Iterator[ProfileRuntime]:
        """The active runtime, open until the block ends, even if another one is active by then."""
        with self._lock:
            runtime = self._current
            self._users[runtime.profile.key] += 1
        try:
            yield runtime
        finally:
            self.release(runtime)

    def acquire(self, profile: Profile) -> ProfileRuntime:
        """The runtime of a profile, open until it is released."""
        with self._lock:
            found = self._open.get(profile.key)
            if found is None:
                found = self._open[profile.key] = self._build(profile)
            self._users[profile.key] = self._users.get(profile.key, 0) + 1
            return found

    def release(self, runtime: ProfileRuntime) -> None:
        """Undo one ``acquire``; the last release closes the index."""
        key = runtime.profile.key
        with self._lock:
            self._users[key] -= 1
            if self._users[key]:
                return
            del self._users[key], self._open[key]
        runtime.index.close()

    def activate(self, profile: Profile) -> None:
        """Make a profile the active one. Searches that have begun end with the old one."""
        fresh = self.acquire(profile)
        with self._lock:
            before, self._current = self._current, fresh
        self.release(before)

    def open_ids(self) -> set[int]:
        """Numbers of the profiles in use."""
        with self._lock:
            return {one.profile_id for one in self._open.values()}

    def close(self) -> None:
        """Close the indexes of all profiles in use, at the end."""
        with self._lock:
            opened = list(self._open.values())
        for runtime in opened:
            runtime.index.close()
