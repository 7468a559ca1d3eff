"""What people are told of a model file that is gone or is not what it should be."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ModelBroken, ModelMissing

_OPERATION = "checking a model file"


def gone(path: Path) -> ModelMissing:
    """There is no such file."""
    return ModelMissing(
        "A model file is gone.",
        operation=_OPERATION,
        path=path,
        hint="Download or import the model again.",
    )


def broken(path: Path, what: str) -> ModelBroken:
    """Args:
    what: completes "The model file NAME ...".
    """
    return ModelBroken(
        f"The model file {path.name} {what}.",
        operation=_OPERATION,
        path=path,
        hint="Get the file again from the model's own publisher; this one is not used.",
    )
