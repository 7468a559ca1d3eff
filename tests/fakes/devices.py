"""A device that stands in for a graphics card, and modules whose memory runs out on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from engine.weights.device import Device

CARD = Device("cpu", "stand-in for a graphics card", half=True)
"""Half precision on the processor: other arithmetic than the processor's own, as on a card."""

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


@contextlib.contextmanager
def out_of_memory(module: torch.nn.Module, is_too_much: Callable[..., bool]) -> Iterator[list[int]]:
    """Let a module run out of memory as on a card, whenever ``is_too_much`` of its arguments.

    Yields the batch sizes that it was called with.
    """
    tried: list[int] = []

    def check(_: torch.nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        first = arguments[0] if arguments else named["points"][0]
        tried.append(len(first))
        if is_too_much(first):
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    hook = module.register_forward_pre_hook(check, with_kwargs=True)
    try:
        yield tried
    finally:
        hook.remove()


def is_on_card(first: torch.Tensor) -> bool:
    """Whether the argument is at the stand-in's precision."""
    return first.dtype == torch.float16
