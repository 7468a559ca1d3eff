"""Where large models run: a graphics card if there is a usable one, else the processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import BadRequest

if TYPE_CHECKING:
    import torch

AUTO = "auto"
_CHOICES = (AUTO, "cuda", "mps", "cpu")


@dataclass(frozen=True)
class Device:
    """A place to run models.

    Attributes:
        name: ``cuda``, ``mps`` or ``cpu``, as torch calls them.
        text: for people, as "graphics card (NVIDIA RTX 3060)".
        dtype: of weights and activations there: half precision on a card, float32 otherwise.
    """

    name: str
    text: str
    dtype: torch.dtype


def choose_device(wanted: str = AUTO) -> Device:
    """The wanted device, or the fastest there is.

    Args:
        wanted: ``auto``, ``cuda``, ``mps`` or ``cpu``.

    Raises:
        BadRequest: there is no such device in this computer.
    """
    import torch

    if wanted not in _CHOICES:
        raise ValueError(f"expected one of {_CHOICES}, got {wanted!r}")
    if wanted in (AUTO, "cuda") and torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        return Device("cuda", f"graphics card ({name})", torch.float16)
    if wanted in (AUTO, "mps") and torch.backends.mps.is_available():
        return Device("mps", "graphics processor (Apple)", torch.float16)
    if wanted in (AUTO, "cpu"):
        return Device("cpu", "processor", torch.float32)
    raise BadRequest(
        f"This computer has no {wanted} device that can be used.",
        operation="choosing where models run",
        hint="Choose auto, or install the driver of the graphics card.",
    )
