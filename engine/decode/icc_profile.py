"""Writes ICC profiles of RGB spaces that a photo names without carrying their profile."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

Chromaticity = tuple[float, float]
"""CIE 1931 x and y."""

D65: Chromaticity = (0.3127, 0.3290)
SRGB_PRIMARIES: tuple[Chromaticity, ...] = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""Exponent, scale, offset, slope of the linear part and its end, as in an ICC parametric curve of
type 3."""

_D50_XYZ = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_HEADER_BYTES = 128


@dataclass(frozen=True)
class RgbSpace:
    """An RGB colour space of three primaries and one curve.

    Attributes:
        primaries: red, green, blue.
        white: the white point.
        curve: an exponent, or the five numbers of ``SRGB_CURVE``.
    """

    primaries: tuple[Chromaticity, ...] = SRGB_PRIMARIES
    white: Chromaticity = D65
    curve: float | tuple[float, ...] = SRGB_CURVE


ADOBE_RGB = RgbSpace(((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), curve=563 / 256)


def write_profile(space: RgbSpace) -> bytes:
    """The space as an ICC profile (version 4) with what a conversion needs and nothing else.

    Raises:
        ValueError: the primaries span no space.
    """
    colorants = _colorants_d50(space)
    curve = _curve(space.curve)
    tags = {b"wtpt": _xyz(_D50_XYZ)}
    for number, name in enumerate((b"r", b"g", b"b")):
        tags[name + b"XYZ"] = _xyz(colorants[:, number])
        tags[name + b"TRC"] = curve
    offset = _HEADER_BYTES + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", offset + len(data), len(content))
        data += content
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x", offset + len(data), 0x04200000, b"mntr", b"RGB ", b"XYZ ", b"acsp"
    )
    illuminant = b"".join(_s15(value) for value in _D50_XYZ)
    return (header + illuminant).ljust(_HEADER_BYTES, b"\0") + table + data


def _colorants_d50(space: RgbSpace) -> np.ndarray:
    """XYZ of the primaries under D50, one a column: float64 (3, 3)."""
    if any(y <= 0 for _, y in (*space.primaries, space.white)):
        raise ValueError(f"no colour space: {space}")
    columns = np.stack([_xyz_of(*chromaticity) for chromaticity in space.primaries], axis=1)
    white = _xyz_of(*space.white)
    if abs(np.linalg.det(columns)) < 1e-6:
        raise ValueError(f"no colour space: {space}")
    columns = columns * np.linalg.solve(columns, white)
    gain = (_BRADFORD @ _D50_XYZ) / (_BRADFORD @ white)
    return np.linalg.inv(_BRADFORD) @ (gain[:, None] * (_BRADFORD @ columns))


def _xyz_of(x: float, y: float) -> np.ndarray:
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_s15(value) for value in values)


def _curve(curve: float | tuple[float, ...]) -> bytes:
    numbers = (curve,) if isinstance(curve, float | int) else curve
    kind = 0 if len(numbers) == 1 else 3
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(map(_s15, numbers))


def _s15(value: float) -> bytes:
    """A number as ICC writes it: signed, 16 bits before the point and 16 after it."""
    number = round(float(value) * 65536)
    if not -(1 << 31) <= number < 1 << 31:
        raise ValueError(f"no colour space: {value}")
    return struct.pack(">i", number)
