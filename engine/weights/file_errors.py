"""The errors for a model file that is missing or not as expected."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ModelBroken, ModelMissing

_OPERATION = "checking a model file"


def missing(path: Path) -> ModelMissing:
    """The error for a file that does not exist."""
    return ModelMissing(
        "A model file is gone.",
        operation=_OPERATION,
        path=path,
        hint="Download or import the model again.",
    )


def broken(path: Path, what: str) -> ModelBroken:
    """The error for a file that must not be used.

    Args:
        what: completes "The model file NAME ...".
    """
    return ModelBroken(
        f"The model file {path.name} {what}.",
        operation=_OPERATION,
        path=path,
        hint="Get the file again from the model's own publisher; this one is not used.",
    )
