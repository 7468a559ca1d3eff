"""Reads the shipped arrays: safetensors files, which hold numbers and no executable code."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.errors import ModelBroken, ModelMissing

_OPERATION = "loading the built-in model"


def load_arrays(path: Path, expected: set[str] | None = None) -> dict[str, np.ndarray]:
    """All arrays of a file, floating ones as float32.

    Raises:
        ModelMissing: there is no such file.
        ModelBroken: it is not a safetensors file or lacks one of the ``expected`` names.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise missing(path)
    try:
        # One array after the other from a memory map: reading 90 MB at once would hold the GIL
        # long enough for the window to stutter.
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise broken(path) from error
    if expected is not None and set(arrays) != expected:
        raise broken(path)
    return {
        name: array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array
        for name, array in arrays.items()
    }


def missing(path: Path) -> ModelMissing:
    """The error for a file that is not there."""
    return ModelMissing(
        "A file of the built-in model is missing.",
        operation=_OPERATION,
        path=path,
        hint="Install Pickout again.",
    )


def broken(path: Path) -> ModelBroken:
    """The error for a file that is damaged or of another kind."""
    return ModelBroken(
        "A file of the built-in model is damaged.",
        operation=_OPERATION,
        path=path,
        hint="Install Pickout again.",
    )
