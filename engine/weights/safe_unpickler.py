"""The pickle inside a checkpoint, read as a description of tensors and never as a program.

A pickle is a small program: it may name any function of any module and have it called. The two
passes here leave nothing of that. The first walks the instructions without obeying them and refuses
every one, and every name, that published checkpoints do not consist of. The second runs what is
left with Python's own unpickler, where each permitted name stands for an inert thing of ours: a
"tensor" becomes a row of numbers, a scripted module a bag of attributes, and nothing is imported.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Iterator
from typing import Any, NamedTuple

MAX_PICKLE_BYTES = 16 << 20
"""The largest published one, of SAM 2.1 large, has 0.2 MB."""
MAX_DEPTH = 64
MAX_VALUES = 200_000
"""Visited in all: a few nested tables that hold each other twice would be endless else."""
MAX_MEMO = 1 << 20
"""The unpickler allocates as many slots as the highest number a memo instruction names."""

_INSTRUCTIONS = frozenset(
    "PROTO FRAME MARK STOP NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT BINUNICODE "
    "SHORT_BINUNICODE EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST APPEND APPENDS EMPTY_DICT "
    "SETITEM SETITEMS BINPUT LONG_BINPUT MEMOIZE BINGET LONG_BINGET GLOBAL NEWOBJ REDUCE BUILD "
    "BINPERSID".split()
)
_ELEMENT_TYPES = {
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "DoubleStorage": "float64",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
_SCRIPT_LISTS = {"build_intlist", "build_doublelist", "build_boollist", "build_tensorlist"}
_ITEM_BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "bfloat16": 2}
_ITEM_BYTES |= {"int16": 2, "int8": 1, "uint8": 1, "bool": 1}


class NotOnlyTensors(Exception):
    """The pickle holds something that published weights do not; the text says what, in few words."""


class TensorRecord(NamedTuple):
    """Where one tensor's numbers lie, checked against nothing but itself.

    Attributes:
        storage: the name of the archive's record.
        dtype: torch's name of the element type.
        storage_items: how many elements the record holds.
        offset: of the first element in the record.
        shape, stride: in elements.
    """

    storage: str
    dtype: str
    storage_items: int
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def storage_bytes(self) -> int:
        return self.storage_items * _ITEM_BYTES[self.dtype]

    @property
    def offset_bytes(self) -> int:
        return self.offset * _ITEM_BYTES[self.dtype]


def read_tensor_records(data: bytes, *, scripted: bool) -> dict[str, TensorRecord]:
    """Describe the tensors of a ``data.pkl``, by their names joined with dots.

    Args:
        data: the pickle.
        scripted: it comes from a TorchScript archive, whose modules are permitted then.

    Raises:
        NotOnlyTensors: it holds anything else than plain values and tensors, or is damaged.
    """
    if len(data) > MAX_PICKLE_BYTES:
        raise NotOnlyTensors(f"a list of contents of {len(data) >> 20} MB")
    _refuse_instructions(data, scripted)
    try:
        root = _SafeUnpickler(data).load()
    except NotOnlyTensors:
        raise
    except Exception as error:
        # Whatever a forged pickle makes of the inert things: wrong types, a missing memo, no STOP.
        raise NotOnlyTensors(f"a damaged list of contents ({type(error).__name__})") from error
    found: dict[str, TensorRecord] = {}
    for visits, (name, value) in enumerate(_values(_weights_of(root), (), 0)):
        if visits > MAX_VALUES:
            raise NotOnlyTensors("a list of contents of absurd size")
        if isinstance(value, TensorRecord):
            _check_shape(value)
            found[name] = value
    return found


def _refuse_instructions(data: bytes, scripted: bool) -> None:
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name not in _INSTRUCTIONS:
                raise NotOnlyTensors(f"the instruction {opcode.name}")
            if opcode.name == "GLOBAL" and not _permitted(*argument.split(" ", 1), scripted):
                raise NotOnlyTensors(f"the program {argument.replace(' ', '.')}"[:200])
            if opcode.name == "LONG_BINPUT" and argument > MAX_MEMO:
                raise NotOnlyTensors("a list of contents of absurd size")
    except NotOnlyTensors:
        raise
    except Exception as error:
        # pickletools raises ValueError, UnicodeDecodeError, OverflowError on bytes that are none.
        raise NotOnlyTensors("a damaged list of contents") from error


def _permitted(module: str, name: str, scripted: bool) -> bool:
    if module == "torch":
        return name in _ELEMENT_TYPES
    if module == "torch.jit._pickle":
        return scripted and name in _SCRIPT_LISTS
    if module == "__torch__" or module.startswith("__torch__."):
        return scripted
    return (module, name) in {
        ("collections", "OrderedDict"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch._utils", "_rebuild_parameter"),
    }


# Each stand-in refuses what a pickle could do to it besides its one purpose: ``__setstate__`` is
# what BUILD calls, and without one BUILD would set attributes.


class _Table(dict):
    """For OrderedDict; its state, torch's bookkeeping of versions, is dropped."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        pass


class _Part:
    """For a scripted module: its attributes."""

    __slots__ = ("attributes",)

    def __setstate__(self, state: Any) -> None:
        self.attributes = state


class _Call:
    """For a function: called as the pickle says, it only takes down what it was given."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        raise NotOnlyTensors("a change to a function")


class _Tensor(_Call):
    __slots__ = ()

    def __call__(self, storage, offset, shape, stride, *_: Any) -> TensorRecord:
        if not isinstance(storage, _Storage):
            raise NotOnlyTensors("a tensor without numbers")
        if type(shape) is not tuple or type(stride) is not tuple:
            raise NotOnlyTensors("a tensor of absurd size")
        return TensorRecord(storage.key, storage.dtype, storage.items, offset, shape, stride)


class _First(_Call):
    """Parameters and typed lists: their first argument is all there is to know."""

    __slots__ = ()

    def __call__(self, value: Any, *_: Any) -> Any:
        return value


class _ElementType(NamedTuple):
    dtype: str


class _Storage(NamedTuple):
    key: str
    dtype: str
    items: int


class _SafeUnpickler(pickle.Unpickler):
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))

    def find_class(self, module: str, name: str) -> Any:
        """Never looks anything up. Names were sifted before; one not known here is refused too."""
        if module == "torch" and name in _ELEMENT_TYPES:
            return _ElementType(_ELEMENT_TYPES[name])
        if (module, name) == ("collections", "OrderedDict"):
            return _Table
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor()
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _First()
        if module == "torch.jit._pickle" and name in _SCRIPT_LISTS:
            return _First()
        if module == "__torch__" or module.startswith("__torch__."):
            return _Part
        raise NotOnlyTensors(f"the program {module}.{name}"[:200])

    def persistent_load(self, pid: Any) -> _Storage:
        kind, element, key, _device, items = pid
        if kind != "storage" or not isinstance(element, _ElementType) or not isinstance(key, str):
            raise NotOnlyTensors("a tensor without numbers")
        if type(items) is not int or items < 0:
            raise NotOnlyTensors("a tensor of absurd size")
        return _Storage(key, element.dtype, items)


def _weights_of(root: Any) -> Any:
    """Training scripts put the weights beside other things, as SAM 2's ``{"model": ...}``."""
    if type(root) in (dict, _Table):
        for key in ("model", "state_dict"):
            if type(root.get(key)) in (dict, _Table):
                return root[key]
    return root


def _values(value: Any, names: tuple[str, ...], depth: int) -> Iterator[tuple[str, Any]]:
    """Every value in nested tables and modules, tables and modules too, by its dotted name."""
    if depth > MAX_DEPTH:
        raise NotOnlyTensors("a list of contents of absurd depth")
    yield ".".join(names), value
    inner = getattr(value, "attributes", None) if type(value) is _Part else value
    if type(inner) in (dict, _Table):
        for name, child in inner.items():
            if isinstance(name, str):
                yield from _values(child, (*names, name), depth + 1)


def _check_shape(record: TensorRecord) -> None:
    numbers = (record.offset, *record.shape, *record.stride)
    if any(type(n) is not int or n < 0 for n in numbers):
        raise NotOnlyTensors("a tensor of absurd size")
    if len(record.shape) != len(record.stride) or len(record.shape) > 8:
        raise NotOnlyTensors("a tensor of absurd size")
    if 0 in record.shape:
        return
    last = record.offset + sum((n - 1) * s for n, s in zip(record.shape, record.stride))
    # The second holds of every published tensor and bounds what a later copy of it may cost.
    if last >= record.storage_items or math.prod(record.shape) > record.storage_items:
        raise NotOnlyTensors("a tensor larger than its numbers")
