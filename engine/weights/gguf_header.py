"""Reads and checks the header of a GGUF file, which may be hostile."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path
from typing import BinaryIO

from engine.errors import ModelBroken
from engine.weights import file_errors

VERSIONS = (2, 3)
MAX_HEADER_BYTES = 64 << 20
MAX_KEYS = 100_000
MAX_TENSORS = 100_000
MAX_KEY_BYTES = 65_535
MAX_STRING_BYTES = 4 << 20
MAX_DIMENSIONS = 4
MAX_LIST_STRINGS = 2_000_000
"""In all arrays together; the largest vocabularies have 262,000 tokens and 515,000 merges."""

_STRING, _ARRAY, _BOOL = 8, 9, 7
_SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", _BOOL: "<?",
    10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_HEAD = struct.Struct("<4sIQQ")
_MIN_KEY_BYTES = 8 + 1 + 4 + 1
_MIN_TENSOR_BYTES = 8 + 1 + 4 + 4 + 8
_ALIGNMENT = "general.alignment"
_DEFAULT_ALIGNMENT_BYTES = 32
_MAX_ALIGNMENT_BYTES = 1 << 16

BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110),
    22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8),
    29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Tensor type -> (elements of a block, bytes of a block). A type that is newer than this table is
not refused; then only the tensor's beginning is checked."""


def read_header(path: Path) -> dict[str, object]:
    """Read the keys and values of the header; takes a fraction of a second, reads no tensor.

    Args:
        path: any file; it may be hostile. Every count is compared with the remaining bytes of the
            file before it is used, so memory and time stay bounded.

    Returns:
        Key -> number, bool or string; for an array its length.

    Raises:
        ModelMissing: there is no such file.
        ModelBroken: it is no GGUF file of version 2 or 3, is truncated, damaged or implausible.
    """
    return _read(path, with_tensors=False)


def check(path: Path) -> None:
    """Check the header, and that every tensor lies within the file.

    Raises:
        ModelMissing, ModelBroken: as ``read_header``; also if a tensor ends beyond the file's end.
    """
    _read(path, with_tensors=True)


def _read(path: Path, *, with_tensors: bool) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            reader = _Reader(path, file)
            values = reader.values()
            if with_tensors:
                reader.check_tensors(values)
            return values
    except FileNotFoundError as error:
        raise file_errors.missing(path) from error
    except OSError as error:
        raise file_errors.broken(path, f"cannot be read ({error.strerror})") from error


class _Reader:
    """Reads one file from beginning to end."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self._size_bytes = os.fstat(file.fileno()).st_size
        self._position_bytes = self._array_strings = 0
        # A big-endian GGUF has the bytes of its version swapped, and is refused by the version.
        magic, version, self._tensors, self._keys = _HEAD.unpack(self._read_bytes(_HEAD.size))
        if magic != b"GGUF":
            raise self._broken("is no GGUF model")
        if version not in VERSIONS:
            raise self._broken(f"is GGUF of the version {version}, not 2 or 3")
        if self._keys > MAX_KEYS or self._tensors > MAX_TENSORS:
            raise self._broken("claims more than it holds")
        self._require_available(self._keys * _MIN_KEY_BYTES + self._tensors * _MIN_TENSOR_BYTES)

    def values(self) -> dict[str, object]:
        """Read all keys and values; the value of an array is its length."""
        found: dict[str, object] = {}
        for _ in range(self._keys):
            key = self._key()
            if key in found:
                raise self._broken("names something twice")
            found[key] = self._value(self._unsigned("<I"))
        return found

    def check_tensors(self, values: dict[str, object]) -> None:
        """Read and check the list of tensors, which follows the values."""
        if not self._tensors:
            raise self._broken("holds no weights")
        names, last_byte, extents = set(), 0, []
        for _ in range(self._tensors):
            name = self._key()
            dimensions = self._unsigned("<I")
            if name in names or dimensions > MAX_DIMENSIONS:
                raise self._broken("has a damaged list of tensors")
            names.add(name)
            shape = [self._unsigned("<Q") for _ in range(dimensions)]
            kind, offset = self._unsigned("<I"), self._unsigned("<Q")
            extents.append((offset, _tensor_bytes(shape, kind)))
        alignment = values.get(_ALIGNMENT, _DEFAULT_ALIGNMENT_BYTES)
        if type(alignment) is not int or not 0 < alignment <= _MAX_ALIGNMENT_BYTES:
            raise self._broken("has a damaged header")
        start = _ceil_divide(self._position_bytes, alignment) * alignment
        for offset, size in extents:
            if offset % alignment:
                raise self._broken("has a damaged list of tensors")
            last_byte = max(last_byte, start + offset + size)
        if last_byte > self._size_bytes:
            raise self._broken("is cut short")

    def _key(self) -> str:
        raw = self._string(MAX_KEY_BYTES)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._broken("has a damaged header") from error
        if not text:
            raise self._broken("has a damaged header")
        return text

    def _value(self, kind: int) -> object:
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind == _STRING:
            return self._string(MAX_STRING_BYTES).decode("utf-8", "replace")
        if kind == _ARRAY:
            return self._skip_array(self._unsigned("<I"), self._unsigned("<Q"))
        raise self._broken("has a damaged header")

    def _skip_array(self, kind: int, length: int) -> int:
        if kind in _SCALARS:
            self._skip(length * struct.calcsize(_SCALARS[kind]))
        elif kind == _STRING:
            self._array_strings += length
            if self._array_strings > MAX_LIST_STRINGS:
                raise self._broken("has a header of absurd size")
            self._skip_strings(length)
        else:
            # Includes arrays of arrays, which llama.cpp does not read either.
            raise self._broken("has a damaged header")
        return length

    def _skip_strings(self, count: int) -> None:
        """Skip strings; three times as fast as ``_string`` for each, and there are 300,000."""
        self._require_available(count * 8)
        end = min(self._size_bytes, MAX_HEADER_BYTES)
        read, at = self._file.read, self._position_bytes
        for _ in range(count):
            length = int.from_bytes(read(8), "little")
            at += 8 + length
            if at > end:
                raise self._broken("is cut short, or claims more than it holds")
            read(length)
        self._position_bytes = at

    def _number(self, layout: str) -> int | float | bool:
        number: int | float | bool
        (number,) = struct.unpack(layout, self._read_bytes(struct.calcsize(layout)))
        return number

    def _unsigned(self, layout: str) -> int:
        """A number of a layout that is an unsigned integer."""
        return int(self._number(layout))

    def _string(self, max_bytes: int) -> bytes:
        length = self._unsigned("<Q")
        if length > max_bytes:
            # Either the file is truncated within a number, or it tries to exhaust the memory.
            raise self._broken("claims more than it holds")
        return self._read_bytes(length)

    def _read_bytes(self, count: int) -> bytes:
        self._require_available(count)
        data = self._file.read(count)
        if len(data) != count:
            raise self._broken("is cut short")
        self._position_bytes += count
        return data

    def _skip(self, count: int) -> None:
        self._require_available(count)
        self._position_bytes += count
        self._file.seek(self._position_bytes)

    def _require_available(self, count: int) -> None:
        """Raise ModelBroken unless ``count`` more bytes are within file and header limit."""
        if self._position_bytes + count > self._size_bytes:
            raise self._broken("is cut short, or claims more than it holds")
        if self._position_bytes + count > MAX_HEADER_BYTES:
            raise self._broken("has a header of absurd size")

    def _broken(self, what: str) -> ModelBroken:
        return file_errors.broken(self._path, what)


def _tensor_bytes(shape: list[int], kind: int) -> int:
    """Size of a tensor in the file; 0 for an unknown type."""
    numbers, size = BLOCKS.get(kind, (1, 0))
    return _ceil_divide(math.prod(shape), numbers) * size


def _ceil_divide(count: int, part: int) -> int:
    """``count / part`` rounded up; in integers, which may exceed the range of floats."""
    return -(-count // part)
