"""Checks checkpoint files and reads their tensors; nothing in a file is run.

Four formats are supported. They are detected by content, never by file name:

- ``state-dict``: written by ``torch.save`` since 2020; a ZIP of one pickle and a record of raw
  numbers for each tensor.
- ``torchscript``: a program with its weights, as OpenAI published CLIP. Its pickle and its numbers
  are read like those of a state dict; its code is never read.
- ``safetensors``: numbers and a JSON header.
- ``gguf``: for llama.cpp. It is only checked here (`gguf_header`); its tensors are never read.

``torch.load`` is not used: it cannot read TorchScript without running it, and a file that one
parser has checked should not be read by another. `safe_unpickler` describes the checks.
"""

from __future__ import annotations

import json
import mmap
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.weights import gguf_header
from engine.weights.file_errors import broken, missing
from engine.weights.safe_unpickler import (
    MAX_PICKLE_BYTES,
    NotOnlyTensors,
    TensorRecord,
    read_tensor_records,
)

if TYPE_CHECKING:
    from torch import Tensor

STATE_DICT = "state-dict"
TORCHSCRIPT = "torchscript"
SAFETENSORS = "safetensors"
GGUF = "gguf"
FORMATS = (STATE_DICT, TORCHSCRIPT, SAFETENSORS, GGUF)
READABLE = (STATE_DICT, TORCHSCRIPT, SAFETENSORS)

MAX_RECORDS = 20_000
MAX_HEADER_BYTES = 16 << 20
_ZIP_END_BYTES = 22
_ZIP_LOCAL_HEADER_BYTES = 30
_FORMAT_NAMES = {
    STATE_DICT: "PyTorch weights",
    TORCHSCRIPT: "a TorchScript archive",
    SAFETENSORS: "safetensors weights",
    GGUF: "a GGUF model",
    "pickle": "an old-style pickle, which can run programs",
    "zip": "a ZIP file without weights",
    "page": "a web page",
    "empty": "empty",
    "unknown": "no model file that is known",
}


def detect_format(path: Path) -> str:
    """Detect a file's format by its first bytes and, for a ZIP, its list of entries.

    Returns:
        One of `FORMATS`, or ``pickle``, ``zip``, ``page``, ``empty``, ``unknown``.

    Raises:
        ModelMissing: there is no such file.
        ModelBroken: it cannot be read.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(16)
    except FileNotFoundError as error:
        raise missing(path) from error
    except OSError as error:
        raise broken(path, f"cannot be read ({error.strerror})") from error
    if size == 0:
        return "empty"
    if head[:4] == b"GGUF":
        return GGUF
    if head[:4] == b"PK\x03\x04":
        with _Archive(path) as archive:
            return archive.format
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        return "pickle"
    if len(head) > 8 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] <= size - 8:
        return SAFETENSORS
    if head.lstrip()[:1] == b"<":
        return "page"
    return "unknown"


def check_format(path: Path, format: str) -> None:
    """Check by its headers that a file is complete and of a format; no tensor is read.

    Args:
        path: any file; it may be hostile.
        format: one of `FORMATS`.

    Raises:
        ModelMissing: there is no such file.
        ModelBroken: it has another format, is truncated or damaged, or holds more than weights.
    """
    if format not in FORMATS:
        raise ValueError(f"expected one of {FORMATS}, got {format!r}")
    _require_format(path, (format,))
    if format == GGUF:
        gguf_header.check(path)
    elif format == SAFETENSORS:
        _check_safetensors(path)
    else:
        with _Archive(path) as archive:
            archive.tensors()


def read_shapes(path: Path, formats: tuple[str, ...] = READABLE) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor by name, without reading data and without torch.

    Raises:
        ModelMissing, ModelBroken: as ``read_state_dict``.
    """
    if _require_format(path, formats) == SAFETENSORS:
        header = _check_safetensors(path)
        return {name: tuple(e["shape"]) for name, e in header.items() if name != "__metadata__"}
    with _Archive(path) as archive:
        return {name: location.record.shape for name, location in archive.tensors().items()}


def read_state_dict(path: Path, formats: tuple[str, ...] = READABLE) -> dict[str, Tensor]:
    """Read every tensor of a checkpoint by name, on the CPU.

    The tensors share a private mapping of the file. They take memory only when written to, and the
    file must not be changed in place while they exist.

    Args:
        path: any file; it may be hostile, nothing in it is run.
        formats: accepted formats, out of `READABLE`.

    Raises:
        ModelMissing: there is no such file.
        ModelBroken: it is truncated, damaged, of another format, or holds more than weights.
    """
    if not set(formats) <= set(READABLE):
        raise ValueError(f"expected formats of {READABLE}, got {formats}")
    if _require_format(path, formats) == SAFETENSORS:
        _check_safetensors(path)
        return _read_safetensors(path)
    with _Archive(path) as archive:
        return _map_tensors(path, archive.tensors())


def _require_format(path: Path, formats: tuple[str, ...]) -> str:
    """Return the file's format; raises ModelBroken if it is none of ``formats``."""
    found = detect_format(path)
    if found not in formats:
        wanted = " or ".join(_FORMAT_NAMES[name] for name in formats)
        raise broken(path, f"is {_FORMAT_NAMES[found]}, not {wanted}")
    return found


@dataclass(frozen=True)
class _TensorLocation:
    """One tensor and the position of its record's data in the file, in bytes."""

    record: TensorRecord
    start: int


class _Archive:
    """A ZIP as torch writes it; raises ModelBroken for one that torch would not write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise broken(path, f"cannot be read ({error.strerror})") from error
        try:
            self._entries = self._list_entries()
            self.format = self._detect_format()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> _Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def tensors(self) -> dict[str, _TensorLocation]:
        """Every tensor by name; its data is known to lie within the file."""
        contents = self._entries.get(f"{self._root}/data.pkl")
        if contents is None:
            raise broken(self._path, "is a ZIP file without weights")
        if contents.file_size > MAX_PICKLE_BYTES:
            raise broken(self._path, "has a list of contents of absurd size")
        order = self._entries.get(f"{self._root}/byteorder")
        if order is not None and (order.file_size > 8 or self._read(order) != b"little"):
            raise broken(self._path, "was written on a machine of the other byte order")
        try:
            records = read_tensor_records(self._read(contents), scripted=self.format == TORCHSCRIPT)
        except NotOnlyTensors as error:
            raise broken(self._path, f"holds more than weights: {error}") from error
        if not records:
            raise broken(self._path, "holds no weights")
        starts: dict[str, int] = {}
        return {name: self._locate(name, record, starts) for name, record in records.items()}

    def _list_entries(self) -> dict[str, zipfile.ZipInfo]:
        """Read and check the ZIP's directory."""
        size = self._path.stat().st_size
        try:
            # zipfile searches for the end record. Torch always writes it last and without a
            # comment; any other file is truncated, has data appended, or is ambiguous: two
            # readers could find two different directories.
            self._file.seek(max(0, size - _ZIP_END_BYTES))
            if self._file.read(4) != b"PK\x05\x06":
                raise broken(self._path, "is cut short or damaged at its end")
            self._zip = zipfile.ZipFile(self._file)
            entries = self._zip.infolist()
        except (
            zipfile.BadZipFile,
            OSError,
            ValueError,
            struct.error,
            NotImplementedError,
        ) as error:
            raise broken(self._path, "is cut short or damaged") from error
        names = {entry.filename: entry for entry in entries}
        if len(entries) > MAX_RECORDS or len(names) != len(entries):
            raise broken(self._path, "has a list of records of absurd size")
        for entry in entries:
            if "/code/" in entry.filename:
                continue  # compressed in TorchScript archives; never read here
            stored = entry.compress_type == zipfile.ZIP_STORED
            if not stored or entry.file_size != entry.compress_size or entry.flag_bits & 0x1:
                raise broken(self._path, "has compressed records, which no model file has")
        if sum(entry.compress_size for entry in entries) > size:
            raise broken(self._path, "claims more than it holds")
        return names

    def _detect_format(self) -> str:
        """``state-dict``, ``torchscript``, or ``zip`` for an archive without weights."""
        roots = {name.split("/", 1)[0] for name in self._entries}
        self._root = next(iter(roots)) if len(roots) == 1 else ""
        if f"{self._root}/data.pkl" not in self._entries:
            return "zip"
        scripted = f"{self._root}/constants.pkl" in self._entries or any(
            name.startswith(f"{self._root}/code/") for name in self._entries
        )
        return TORCHSCRIPT if scripted else STATE_DICT

    def _read(self, entry: zipfile.ZipInfo) -> bytes:
        try:
            return self._zip.read(entry)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
            raise broken(self._path, "is cut short or damaged") from error

    def _locate(self, name: str, record: TensorRecord, starts: dict[str, int]) -> _TensorLocation:
        entry = self._entries.get(f"{self._root}/data/{record.storage}")
        if entry is None or entry.file_size != record.storage_bytes:
            raise broken(self._path, f"has lost the numbers of {name[:80]}")
        if record.storage not in starts:
            starts[record.storage] = self._data_start(entry)
        return _TensorLocation(record, starts[record.storage])

    def _data_start(self, entry: zipfile.ZipInfo) -> int:
        """Position of a record's data; its local header, of varying length, precedes it."""
        self._file.seek(entry.header_offset)
        header = self._file.read(_ZIP_LOCAL_HEADER_BYTES)
        if len(header) != _ZIP_LOCAL_HEADER_BYTES or header[:4] != b"PK\x03\x04":
            raise broken(self._path, "is cut short or damaged")
        name_bytes, extra_bytes = struct.unpack("<HH", header[26:30])
        start = entry.header_offset + len(header) + name_bytes + extra_bytes
        if start + entry.file_size > self._zip.start_dir:
            raise broken(self._path, "is cut short or damaged")
        return start


def _map_tensors(path: Path, locations: dict[str, _TensorLocation]) -> dict[str, Tensor]:
    """Tensors over one mapping of the file; unaligned ones are copied."""
    import torch

    with path.open("rb") as file:
        # Private copy on write: torch requires writable memory, and the file must not change.
        mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    tensors = {}
    for name, location in locations.items():
        record, dtype = location.record, getattr(torch, location.record.dtype)
        if record.storage_items == 0 or 0 in record.shape:
            tensors[name] = torch.empty(record.shape, dtype=dtype)
            continue
        start = location.start + record.offset_bytes
        count = record.storage_items - record.offset
        if start % dtype.itemsize:
            raw = bytearray(mapping[start : start + count * dtype.itemsize])
            flat = torch.frombuffer(raw, dtype=dtype)
        else:
            flat = torch.frombuffer(mapping, dtype=dtype, count=count, offset=start)
        tensors[name] = flat.as_strided(record.shape, record.stride)
    return tensors


def _check_safetensors(path: Path) -> dict[str, dict[str, Any]]:
    """Read and check the header: tensor name -> dtype, shape and offsets."""
    with path.open("rb") as file:
        size = path.stat().st_size
        length = struct.unpack("<Q", file.read(8))[0]
        if length > min(MAX_HEADER_BYTES, size - 8):
            raise broken(path, "has a header of absurd size")
        head = file.read(length)
    try:
        header: dict[str, dict[str, Any]] = json.loads(head)
        entries = [entry for name, entry in header.items() if name != "__metadata__"]
        ends = [entry["data_offsets"][1] for entry in entries]
        shapes = [n for entry in entries for n in entry["shape"]]
        end = max(ends, default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise broken(path, "has a damaged header") from error
    if not ends:
        raise broken(path, "holds no weights")
    if any(type(n) is not int or n < 0 for n in shapes):
        raise broken(path, "has a damaged header")
    # The tensors must fill the file exactly, so that nothing else is hidden behind them.
    if type(end) is not int or 8 + length + end != size:
        raise broken(path, "is cut short or damaged")
    return header


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise broken(path, "is damaged") from error
