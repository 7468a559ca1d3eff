"""Which colour space a photo is in, by what its file says."""

from __future__ import annotations

import io
import logging
import struct
from typing import Any, BinaryIO

from engine.decode.icc_profile import (
    ADOBE_RGB,
    SRGB_CURVE,
    SRGB_PRIMARIES,
    RgbSpace,
    write_profile,
)

log = logging.getLogger(__name__)

_EXIF_IFD, _INTEROPERABILITY_IFD = 0x8769, 0xA005
_COLOR_SPACE, _INTEROPERABILITY_INDEX = 0xA001, 1
_ADOBE_RGB_BY_EXIF = 2  # not in the standard, but written
_SCREEN_GAMMA = 1 / 2.2

# Numbers of ITU-T H.273, which PNG (cICP), HEIF and AVIF (nclx) share.
_D65, _DCI, _C = (0.3127, 0.3290), (0.314, 0.351), (0.310, 0.316)
_SMPTE_170M = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)), _D65
_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_PRIMARIES = {
    1: (SRGB_PRIMARIES, _D65),
    4: (((0.67, 0.33), (0.21, 0.71), (0.14, 0.08)), _C),
    5: (((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)), _D65),
    6: _SMPTE_170M,
    7: _SMPTE_170M,
    9: (((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)), _D65),
    11: (_P3, _DCI),
    12: (_P3, _D65),
}
# Curves made for video are taken as sRGB's, as browsers take them in pictures.
_CURVES: dict[int, float | tuple[float, ...]] = {
    **dict.fromkeys((1, 2, 6, 13, 14, 15), SRGB_CURVE),
    4: 2.2,
    5: 2.8,
    8: 1.0,
}

_BOX_FOLDERS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"jp2h": 0}
"""Boxes of AVIF and JPEG 2000 files that lead to the colours, and the bytes before what they
hold."""
_HEAD_BYTES = 1 << 20  # boxes of colours stand before the pixels
_BMP_FILE_HEADER, _BMP_HEADER = 14, 124


def declared_profile(image: Any, file: BinaryIO) -> bytes | None:
    """The ICC profile of the colour space that a photo declares; None if it is sRGB or unknown.

    In this order: cICP of a PNG; an embedded ICC profile; the numbers that a HEIF, AVIF or PNG
    file names a space by; EXIF that says Adobe RGB. Spaces of high dynamic range are None: they
    would need tone mapping. What cannot be read is ignored, with a line in the log.

    Args:
        image: a ``PIL.Image.Image`` that was opened from ``file`` and not loaded.
        file: where it was opened from; its position is kept.
    """
    try:
        position = file.tell()
        try:
            return _declared_profile(image, file)
        finally:
            file.seek(position)
    except Exception as error:  # metadata are broken in more ways than can be listed
        log.info("the colour space of a photo cannot be read: %s", error)
        return None


def _declared_profile(image: Any, file: BinaryIO) -> bytes | None:
    info = image.info
    numbers = _png_numbers(file) if image.format == "PNG" else None
    if numbers is None and info.get("icc_profile"):
        return info["icc_profile"]
    if image.format == "BMP":
        return _bmp_profile(file)
    if image.format == "HEIF" and info.get("nclx_profile"):
        nclx = info["nclx_profile"]
        numbers = nclx["color_primaries"], nclx["transfer_characteristics"]
    elif image.format == "AVIF" and (box := _colour_box(file, b"nclx")):
        numbers = struct.unpack_from(">HH", box)
    elif image.format == "JPEG2000" and (box := _colour_box(file, b"\2")):
        return box[2:]  # precedence and approximation stand before the profile
    if numbers is not None:
        return _profile_of_numbers(*numbers)
    if image.format == "PNG" and "gamma" in info and "srgb" not in info:
        return _profile_of_gamma(info["gamma"], info.get("chromaticity"))
    return write_profile(ADOBE_RGB) if _is_adobe_rgb(image) else None


def _profile_of_numbers(primaries: int, transfer: int) -> bytes | None:
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    space = RgbSpace(*_PRIMARIES[primaries], _CURVES[transfer])
    return None if space == RgbSpace() else write_profile(space)


def _profile_of_gamma(gamma: float, chromaticity: tuple[float, ...] | None) -> bytes | None:
    """The space of a PNG's gAMA and cHRM; a gamma of 1/2.2 is what is written for sRGB."""
    white, primaries = _D65, SRGB_PRIMARIES
    if chromaticity is not None:
        pairs = tuple(zip(chromaticity[::2], chromaticity[1::2], strict=True))
        white, primaries = pairs[0], pairs[1:]
    near_srgb = abs(gamma - _SCREEN_GAMMA) < 0.01
    return write_profile(RgbSpace(primaries, white, SRGB_CURVE if near_srgb else 1 / gamma))


def _is_adobe_rgb(image: Any) -> bool:
    """Whether EXIF says so, as cameras do that follow the DCF standard."""
    details = image.getexif().get_ifd(_EXIF_IFD)
    if details.get(_COLOR_SPACE) == _ADOBE_RGB_BY_EXIF:
        return True
    interoperability = image.getexif().get_ifd(_INTEROPERABILITY_IFD)
    return str(interoperability.get(_INTEROPERABILITY_INDEX, "")).startswith("R03")


def _png_numbers(file: BinaryIO) -> tuple[int, int] | None:
    """Primaries and transfer curve of the cICP chunk, which stands before the pixels."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IDAT":
            return None
        if kind == b"cICP":
            primaries, transfer = file.read(2)
            return primaries, transfer
        file.seek(length + 4, io.SEEK_CUR)
    return None


def _bmp_profile(file: BinaryIO) -> bytes | None:
    """The profile that version 5 of the header may point to."""
    file.seek(_BMP_FILE_HEADER)
    header = file.read(_BMP_HEADER)
    if len(header) < _BMP_HEADER or struct.unpack_from("<I", header)[0] != _BMP_HEADER:
        return None
    if header[56:60] != b"DEBM":  # "MBED", embedded, read as a number
        return None
    offset, length = struct.unpack_from("<II", header, 112)
    file.seek(_BMP_FILE_HEADER + offset)
    return file.read(min(length, _HEAD_BYTES))


def _colour_box(file: BinaryIO, method: bytes) -> bytes | None:
    """What follows the method in the first colour box of a method; None if there is none."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    pending = [(0, len(head))]
    while pending:
        start, end = pending.pop()
        while start + 8 <= end:
            length, kind = struct.unpack_from(">I4s", head, start)
            content = start + 8
            if kind == b"colr" and head.startswith(method, content):
                return head[content + len(method) : start + length]
            if kind in _BOX_FOLDERS:
                pending.append((content + _BOX_FOLDERS[kind], min(end, start + length)))
            if length < 8:
                break
            start += length
    return None
