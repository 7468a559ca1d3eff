"""Boxes and run-length encoded masks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BoxXyxy:
    """A half-open box ``[x0, x1) x [y0, y1)``; pixels, float.

    Raises:
        ValueError: if a side is negative or not a number.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x1 >= self.x0 and self.y1 >= self.y0):
            raise ValueError(f"expected x0 <= x1 and y0 <= y1, got {self.as_tuple()}")

    @property
    def width(self) -> float:
        """Horizontal extent in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Vertical extent in pixels."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    def as_tuple(self) -> tuple[float, float, float, float]:
        """``(x0, y0, x1, y1)``."""
        return (self.x0, self.y0, self.x1, self.y1)

    def scaled(self, sx: float, sy: float) -> BoxXyxy:
        """The same box in a frame that is ``sx`` times as wide and ``sy`` times as high."""
        return BoxXyxy(self.x0 * sx, self.y0 * sy, self.x1 * sx, self.y1 * sy)


@dataclass(frozen=True, slots=True)
class Rle:
    """A mask as compressed COCO run lengths (column-major), as pycocotools reads and writes them.

    Attributes:
        size_hw: height and width of the mask in pixels.
        counts: the compressed runs, ASCII.
    """

    size_hw: tuple[int, int]
    counts: bytes

    def __post_init__(self) -> None:
        if min(self.size_hw) < 1:
            raise ValueError(f"expected a mask of at least 1 x 1 px, got {self.size_hw}")
