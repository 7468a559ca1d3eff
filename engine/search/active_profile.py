"""What answers now: one profile with its index and its search, changed in one step."""

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
    """Everything that belongs to the vectors of one profile; none of it is ever exchanged.

    Attributes:
        profile_id: the profile's number in the store.
    """

    profile: Profile
    profile_id: int
    index: VectorIndex
    search: SearchService


class ActiveProfile:
    """Holds the profile that answers, and every other one that is in use. Thread-safe.

    A profile in use has one ``ProfileRuntime``, whoever uses it, so that its index has one owner; it
    is closed when the last user has let go of it. The answering one is always in use.

    Args:
        build: makes what belongs to a profile; it must not load anything heavy.
    """

    def __init__(self, build: Callable[[Profile], ProfileRuntime], first: Profile) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._open: dict[str, ProfileRuntime] = {}
        self._users: dict[str, int] = {}
        self._current = self.acquire(first)

    @property
    def current(self) -> ProfileRuntime:
        """The one that answers; for short looks. Whoever keeps it for longer takes it."""
        return self._current

    @contextlib.contextmanager
    def using(self) -> Iterator[ProfileRuntime]:
        """The one that answers, open until the block ends even if another answers by then."""
        with self._lock:
            answering = self._current
            self._users[answering.profile.key] += 1
        try:
            yield answering
        finally:
            self.release(answering)

    def acquire(self, profile: Profile) -> ProfileRuntime:
        """What belongs to a profile, until ``release``."""
        with self._lock:
            found = self._open.get(profile.key)
            if found is None:
                found = self._open[profile.key] = self._build(profile)
            self._users[profile.key] = self._users.get(profile.key, 0) + 1
            return found

    def release(self, answering: ProfileRuntime) -> None:
        """One user less; the last one closes it."""
        key = answering.profile.key
        with self._lock:
            self._users[key] -= 1
            if self._users[key]:
                return
            del self._users[key], self._open[key]
        answering.index.close()

    def activate(self, profile: Profile) -> None:
        """From now on this one answers; searches that have begun end as they began."""
        fresh = self.acquire(profile)
        with self._lock:
            before, self._current = self._current, fresh
        self.release(before)

    def open_ids(self) -> set[int]:
        """Numbers of the profiles in use."""
        with self._lock:
            return {one.profile_id for one in self._open.values()}
