"""The profiles of a library: which one is active, and changing to another one."""

from __future__ import annotations

from engine.jobs import Job
from engine.library.components import LibraryComponents
from engine.library.profile_change import ProfileChanges
from engine.profiles.profile import Profile
from engine.records import KeptProfile, LibraryStatus, ProfileCost, ProfileInfo

_CHANGING = "changing the models"


class LibraryModels:
    """Profiles are given by their name, or as a ``Profile``. Thread-safe."""

    def __init__(self, components: LibraryComponents, changes: ProfileChanges) -> None:
        self._components = components
        self._changes = changes

    @property
    def active(self) -> Profile:
        """The profile that answers searches."""
        return self._components.active_profile.current.profile

    def available(self) -> tuple[ProfileInfo, ...]:
        """All profiles that there are, and whether they can be used. Reads small files."""
        return self._changes.available()

    def kept(self) -> tuple[KeptProfile, ...]:
        """All profiles that the library holds data of. Reads a sample of their rows."""
        return self._changes.kept()

    def change_cost(self, profile: Profile | str) -> Job[ProfileCost]:
        """What a change will take (lane ``io``).

        If no rate is known from an earlier run, the models are tried on a few photos, which takes
        as long as loading them; nothing of that is kept. The job raises BadRequest (no such
        profile), ModelMissing, ModelBroken or WorkerCrashed.
        """
        self._components.refuse_if_read_only(_CHANGING)
        return self._components.lanes.io.submit(
            "profile cost", lambda context: self._changes.cost(profile, context)
        )

    def change(self, profile: Profile | str) -> Job[LibraryStatus]:
        """Index every photo with another profile, newest first, then make it the active one.

        Until then the old profile answers, and new photos are indexed with it first. A profile
        that has indexed everything already becomes active at once. The request is kept in the
        settings: after a kill or a cancel of the job, the next ``indexing.start`` or
        ``folders.start_watching`` goes on with it. A later call replaces it; asking for the
        active profile withdraws it. Data of the old profile stay, see ``delete``.

        Returns:
            The index job, which ends when everything is indexed; ``status().change`` tells how
            far it is.

        Raises:
            BadRequest: there is no such profile, or the library was opened for reading only.
            ModelMissing: its models are not installed.
            DiskFull: the settings cannot be written.
        """
        self._components.refuse_if_read_only(_CHANGING)
        return self._changes.change(profile)

    def cancel_change(self) -> None:
        """Keep the active profile. What the other one has indexed is kept for another time.

        Raises:
            BadRequest: the library was opened for reading only.
            DiskFull: the settings cannot be written.
        """
        self._components.refuse_if_read_only(_CHANGING)
        self._changes.cancel()

    def delete(self, name: str) -> Job[int]:
        """Delete the data of a profile that is neither active nor requested (lane ``index``).

        Returns:
            The bytes that are free now: files deleted, and room inside the database.
            The job raises BadRequest if the profile is in use or was never used.
        """
        self._components.refuse_if_read_only("forgetting what models made")
        return self._components.lanes.index.submit(
            "forget profile", lambda context: self._changes.delete(name, context)
        )
