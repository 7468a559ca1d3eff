"""Choice of the device that torch models run on, and what happens if its memory is too small."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, runtime_checkable

from engine.errors import BadRequest

if TYPE_CHECKING:
    import numpy as np
    import torch

log = logging.getLogger(__name__)

T = TypeVar("T")
Batch = TypeVar("Batch", bound="Sequence[Any] | np.ndarray")

NAMES = ("auto", "cuda", "mps", "cpu")
OUT_OF_MEMORY_NOTE = "The graphics card's memory is too small; the processor does its work."


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


PROCESSOR = Device("cpu", "processor")


def choose_device(requested: str = "auto") -> Device:
    """Choose the best device, or the requested one.

    Raises:
        BadRequest: the requested device is not available or unknown.
    """
    if requested not in NAMES:
        raise BadRequest(
            f"There is no kind of device called {requested}.",
            operation="choosing where models run",
            hint=f"Choose one of: {', '.join(NAMES)}.",
        )
    name = requested if requested != "auto" else next(filter(_is_available, NAMES[1:]))
    if not _is_available(name):
        raise BadRequest(
            f"This computer has no device that torch calls {name}.",
            operation="choosing where models run",
            hint="Choose auto, or install the torch that fits your graphics card.",
        )
    if name == "cuda":
        import torch

        return Device(name, f"graphics card ({torch.cuda.get_device_name()})", half=True)
    return Device(name, "Apple graphics") if name == "mps" else PROCESSOR


def _is_available(name: str) -> bool:
    import torch

    if name == "mps":
        return torch.backends.mps.is_available()
    return name == "cpu" or _cuda_works()


@functools.cache
def _cuda_works() -> bool:
    """Whether a graphics card is there and computes.

    torch also names cards that its build has no code for (too old or too new for it), and fails
    only when something is computed.
    """
    import torch

    if not torch.cuda.is_available():
        return False
    try:
        return bool(torch.ones(1, dtype=torch.float16, device="cuda").add(1).item() == 2)
    except Exception as error:
        log.info("the graphics card cannot be used: %s", error)
        return is_out_of_memory(error)  # it may have memory again later


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means too little memory; torch has two kinds of such errors."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "alloc_failed" in text)


def in_batches(items: Batch, size: int, run: Callable[[Batch], T]) -> Iterator[T]:
    """Yield the results of ``run`` for batches of ``size`` items; smaller ones if memory is short.

    Raises:
        RuntimeError: as raised by torch, if memory is too small even for one item; see
            ``is_out_of_memory``.
    """
    start = 0
    while start < len(items):
        count = min(size, len(items) - start)
        try:
            result = run(cast(Batch, items[start : start + count]))
        except Exception as error:
            if count == 1 or not is_out_of_memory(error):
                raise
        else:
            start += count
            yield result
            continue
        # Not in the handler: the error holds the frames of ``run``, and with them its tensors.
        size = (count + 1) // 2
        _empty_cache()


class DevicePlacement:
    """Places a model on its device, or on the processor while the device's memory is too small.

    Used by one thread at a time.

    Args:
        device: where the model should run.
        move: moves the model to a device; it may raise an error of too little memory.

    Attributes:
        device: as given.
        note: text for the user if the last ``run`` ended on the processor for lack of memory;
            empty otherwise.
    """

    def __init__(self, device: Device, move: Callable[[Device], object]) -> None:
        self.device = device
        self.note = ""
        self._move = move
        self._current: Device | None = None

    def run(self, compute: Callable[[], T]) -> T:
        """Run ``compute`` with the model on its device.

        If the device's memory is too small, ``compute`` runs once more from its beginning with the
        model on the processor. The next call tries the device again, because other programs may
        have released memory.
        """
        self.note = ""
        try:
            self._place(self.device)
            return compute()
        except Exception as error:
            if self.device == PROCESSOR or not is_out_of_memory(error):
                raise
            log.info("the memory of the device is too small: %s", error)
        # Not in the handler, as above.
        self._current = None  # the model may have been moved in part
        self._place(PROCESSOR)
        _empty_cache()
        self.note = OUT_OF_MEMORY_NOTE
        return compute()

    def _place(self, device: Device) -> None:
        if self._current != device:
            self._current = None
            self._move(device)
            self._current = device


@runtime_checkable
class DeviceNoteProvider(Protocol):
    """Optional attribute of a model: a note for the user on where it ran last."""

    @property
    def note(self) -> str:
        """One sentence; empty if there is nothing to say."""
        ...


def _empty_cache() -> None:
    """Return memory that torch keeps for later use to the system."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
