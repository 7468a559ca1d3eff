"""Settings of a language model session. Imports nothing of llama.cpp."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SessionSettings:
    """How a model is run.

    Attributes:
        side_px: of the square picture, which is not resized again.
        threads: processor threads.
        gpu_layers: layers run on the graphics card; -1 for all, 0 for none.
    """

    side_px: int
    threads: int
    gpu_layers: int = 0
