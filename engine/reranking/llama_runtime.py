"""Whether llama-cpp-python is installed, and for which hardware. It is never imported here."""

from __future__ import annotations

import importlib.util
from pathlib import Path

HOW_TO_ADD = (
    "Add it with “python3 packaging/run.py --with-mllm” (where Pickout was installed by pip: "
    "“pip install llama-cpp-python”), then start Pickout again."
)
_GPU_LIBRARIES = ("cuda", "metal", "vulkan", "hip", "sycl")


def is_installed() -> bool:
    """Whether the package llama_cpp can be found."""
    return importlib.util.find_spec("llama_cpp") is not None


def uses_graphics_card() -> bool:
    """Whether it was built with a GPU library; False if it is not installed."""
    spec = importlib.util.find_spec("llama_cpp")
    places = spec.submodule_search_locations if spec is not None else None
    folders = [Path(place) / "lib" for place in places or ()]
    names = [path.name for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return any(kind in name for name in names for kind in _GPU_LIBRARIES)
