"""Choice of the device that torch models run on, and batches that fit its memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from engine.errors import BadRequest

if TYPE_CHECKING:
    import numpy as np
    import torch

T = TypeVar("T")
Batch = TypeVar("Batch", bound="Sequence[Any] | np.ndarray")

NAMES = ("auto", "cuda", "mps", "cpu")


@dataclass(frozen=True)
class Device:
    """A device of torch.

    Attributes:
        name: torch's name: ``cuda``, ``mps`` or ``cpu``.
        text: name for the user.
        half: whether models run at half precision on it.
    """

    name: str
    text: str
    half: bool = False

    @property
    def dtype(self) -> torch.dtype:
        """Type of weights and activations."""
        import torch

        return torch.float16 if self.half else torch.float32


def choose_device(requested: str = "auto") -> Device:
    """Choose the best device, or the requested one.

    Raises:
        BadRequest: the requested device is not available or unknown.
    """
    import torch

    if requested not in NAMES:
        raise BadRequest(
            f"There is no kind of device called {requested}.",
            operation="choosing where models run",
            hint=f"Choose one of: {', '.join(NAMES)}.",
        )
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    name = (
        requested if requested != "auto" else next(name for name, here in available.items() if here)
    )
    if not available[name]:
        raise BadRequest(
            f"This computer has no device that torch calls {name}.",
            operation="choosing where models run",
            hint="Choose auto, or install the torch that fits your graphics card.",
        )
    if name == "cuda":
        return Device(name, f"graphics card ({torch.cuda.get_device_name()})", half=True)
    return Device(name, "Apple graphics" if name == "mps" else "processor")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means too little memory; torch has two kinds of such errors."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "out of memory" in str(error).lower()


def in_batches(items: Batch, size: int, run: Callable[[Batch], T]) -> Iterator[T]:
    """Yield the results of ``run`` for batches of ``size`` items; smaller ones if memory is short.

    Raises:
        RuntimeError: as raised by torch, if memory is too small even for one item; see
            ``is_out_of_memory``.
    """
    start = 0
    while start < len(items):
        try:
            result = run(cast(Batch, items[start : start + size]))
        except Exception as error:
            if size == 1 or not is_out_of_memory(error):
                raise
            size = max(1, size // 2)
            _empty_cache()
        else:
            start += size
            yield result


def _empty_cache() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
