"""The profiles by name. A new profile is one module beside this one, and one entry below."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import BadRequest
from engine.profiles.full import full_profile
from engine.profiles.profile import Profile
from engine.profiles.starter import starter_profile

BUILT_IN = "starter"
"""Name of the profile that needs no installed models."""
PROFILES: dict[str, Callable[[], Profile]] = {"starter": starter_profile, "full": full_profile}
"""Factories by the name used in the settings."""


def by_name(name: str) -> Profile:
    """The profile of this name; its models are not loaded yet.

    Raises:
        BadRequest: if there is no profile of this name.
        ModelMissing, ModelBroken: its models are not installed, or damaged.
    """
    if name not in PROFILES:
        raise BadRequest(
            f"There are no models called {name}.",
            operation="choosing the models",
            hint=f"Choose one of: {', '.join(sorted(PROFILES))}.",
        )
    return PROFILES[name]()
