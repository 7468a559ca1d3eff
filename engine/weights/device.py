"""Where torch models run, and what happens when its memory is too small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import BadRequest

if TYPE_CHECKING:
    import torch

T = TypeVar("T")

NAMES = ("auto", "cuda", "mps", "cpu")


@dataclass(frozen=True)
class Device:
    """A place to run a model.

    Attributes:
        name: ``cuda``, ``mps`` or ``cpu``, as torch says it.
        text: for people.
        half: whether models run at half precision there.
    """

    name: str
    text: str
    half: bool = False

    @property
    def dtype(self) -> torch.dtype:
        """Of weights and activations."""
        import torch

        return torch.float16 if self.half else torch.float32


def choose_device(wanted: str = "auto") -> Device:
    """The best device there is, or the wanted one.

    Raises:
        BadRequest: the wanted one is not there, or no such device is known.
    """
    import torch

    if wanted not in NAMES:
        raise BadRequest(
            f"There is no kind of device called {wanted}.",
            operation="choosing where models run",
            hint=f"Choose one of: {', '.join(NAMES)}.",
        )
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    name = wanted if wanted != "auto" else next(name for name, here in there.items() if here)
    if not there[name]:
        raise BadRequest(
            f"This computer has no device that torch calls {name}.",
            operation="choosing where models run",
            hint="Choose auto, or install the torch that fits your graphics card.",
        )
    if name == "cuda":
        return Device(name, f"graphics card ({torch.cuda.get_device_name()})", half=True)
    return Device(name, "Apple graphics" if name == "mps" else "processor")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device's memory was too small; torch says it in two ways."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "out of memory" in str(error).lower()


def in_batches(items: Sequence[Any], size: int, run: Callable[[Sequence[Any]], T]) -> Iterator[T]:
    """``run`` over ``items``, ``size`` at a time, fewer where memory is too small.

    Raises:
        RuntimeError: as torch raised it, when memory is too small even for one; see
            ``is_out_of_memory``.
    """
    start = 0
    while start < len(items):
        try:
            answer = run(items[start : start + size])
        except Exception as error:
            if size == 1 or not is_out_of_memory(error):
                raise
            size = max(1, size // 2)
            _free()
        else:
            start += size
            yield answer


def _free() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
