"""Camera raw files (DNG) of given pixels, with and without an embedded preview."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _SRATIONAL = 1, 2, 3, 4, 5, 10
_SIZES = {_BYTE: 1, _ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8, _SRATIONAL: 8}
_XYZ_TO_LINEAR_SRGB = (
    *(3.2406, -1.5372, -0.4986),
    *(-0.9689, 1.8758, 0.0415),
    *(0.0557, -0.2040, 1.0570),
)

Entry = tuple[int, int, tuple]
"""Tag, type, values."""


def write_dng(
    path: Path,
    rgb: np.ndarray,
    *,
    orientation: int = 1,
    preview: np.ndarray | None = None,
    preview_options: dict | None = None,
    taken_at: str = "2019:07:04 10:11:12",
) -> Path:
    """Write a mosaic of red, green, green and blue of 16 bits, as a camera's sensor sees a photo.

    Args:
        rgb: uint8 (H, W, 3) sRGB, even sides, as stored (before it is turned upright).
        orientation: EXIF's.
        preview: uint8 (h, w, 3), written as a JPEG in front of the mosaic; None for no preview.
        preview_options: for Pillow, such as an ICC profile.
    """
    camera = [
        (271, _ASCII, ("Made",)),
        (272, _ASCII, ("Made Camera",)),
        (274, _SHORT, (orientation,)),
        (306, _ASCII, (taken_at,)),
        (50706, _BYTE, (1, 4, 0, 0)),
        (50707, _BYTE, (1, 1, 0, 0)),
        (50708, _ASCII, ("Made Camera",)),
        (50721, _SRATIONAL, tuple(round(v * 10_000) for v in _XYZ_TO_LINEAR_SRGB)),
        (50728, _RATIONAL, (10_000, 10_000, 10_000)),
        (50778, _SHORT, (21,)),
    ]
    mosaic = _mosaic(rgb)
    sensor = [
        *_strip(mosaic.shape[1], mosaic.shape[0], mosaic.nbytes),
        (254, _LONG, (0,)),
        (258, _SHORT, (16,)),
        (259, _SHORT, (1,)),
        (262, _SHORT, (32803,)),
        (277, _SHORT, (1,)),
        (33421, _SHORT, (2, 2)),
        (33422, _BYTE, (0, 1, 1, 2)),
        (50714, _SHORT, (0,)),
        (50717, _SHORT, (65535,)),
    ]
    if preview is None:
        content = _directory(8, camera + sensor, mosaic.tobytes())
        path.write_bytes(b"II*\0" + struct.pack("<I", 8) + content)
        return path
    jpeg = _jpeg(preview, preview_options or {})
    front = [
        *_strip(preview.shape[1], preview.shape[0], len(jpeg)),
        (254, _LONG, (1,)),
        (258, _SHORT, (8, 8, 8)),
        (259, _SHORT, (7,)),
        (262, _SHORT, (6,)),
        (277, _SHORT, (3,)),
        (330, _LONG, (0,)),
    ]
    second = 8 + len(_directory(8, camera + front, jpeg))
    front[-1] = (330, _LONG, (second,))
    content = _directory(8, camera + front, jpeg) + _directory(second, sensor, mosaic.tobytes())
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + content)
    return path


def _mosaic(rgb: np.ndarray) -> np.ndarray:
    """uint16 (H, W): linear light, red at the top left of each two by two pixels, blue at the
    bottom right."""
    values = rgb / 255.0
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    light = (linear * 65535).round().astype("<u2")
    mosaic = light[..., 1].copy()
    mosaic[::2, ::2] = light[::2, ::2, 0]
    mosaic[1::2, 1::2] = light[1::2, 1::2, 2]
    return mosaic


def _jpeg(rgb: np.ndarray, options: dict) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=95, **options)
    jpeg = out.getvalue()
    # Cameras write EXIF at once, without JFIF before it.
    return jpeg[:2] + jpeg[20:] if "exif" in options else jpeg


def _strip(width: int, height: int, length: int) -> list[Entry]:
    return [
        (256, _LONG, (width,)),
        (257, _LONG, (height,)),
        (273, _LONG, (0,)),
        (278, _LONG, (height,)),
        (279, _LONG, (length,)),
    ]


def _directory(start: int, entries: list[Entry], pixels: bytes) -> bytes:
    """A directory at an offset of the file, what it points to, and one strip of pixels."""
    entries = sorted(entries)
    extra_at = start + 2 + 12 * len(entries) + 4
    lengths = [len(_packed(kind, values)) for _, kind, values in entries]
    pixels_at = extra_at + sum(length + length % 2 for length in lengths if length > 4)
    table, extra = struct.pack("<H", len(entries)), b""
    for tag, kind, values in entries:
        packed = _packed(kind, (pixels_at,) if tag == 273 else values)
        table += struct.pack("<HHI", tag, kind, len(packed) // _SIZES[kind])
        if len(packed) <= 4:
            table += packed.ljust(4, b"\0")
        else:
            table += struct.pack("<I", extra_at + len(extra))
            extra += packed + bytes(len(packed) % 2)
    return table + bytes(4) + extra + pixels


def _packed(kind: int, values: tuple) -> bytes:
    if kind == _ASCII:
        return values[0].encode() + b"\0"
    if kind in (_RATIONAL, _SRATIONAL):
        letter = "I" if kind == _RATIONAL else "i"
        return b"".join(struct.pack(f"<{letter}I", value, 10_000) for value in values)
    return struct.pack(f"<{len(values)}{ {_BYTE: 'B', _SHORT: 'H', _LONG: 'I'}[kind] }", *values)
