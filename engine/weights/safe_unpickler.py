"""Reads the pickle inside a checkpoint as a description of tensors, without running it.

A pickle is a small program that can call any function of any module. Two passes prevent that. The
first lists the opcodes without executing them and refuses every opcode and every name that does not
occur in published checkpoints. The second runs the rest with Python's own unpickler, in which each
allowed name stands for an inert stand-in: a tensor becomes a ``TensorRecord``, a scripted module
an object with attributes. Nothing is imported.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Iterator
from typing import Any, NamedTuple

MAX_PICKLE_BYTES = 16 << 20
"""The largest published pickle, that of SAM 2.1 large, has 0.2 MB."""
MAX_DEPTH = 64
MAX_VALUES = 200_000
"""Limit of visited values: n nested dicts that each hold the next twice take 2^n visits."""
MAX_MEMO = 1 << 20
"""The unpickler allocates as many slots as the highest memo index of any opcode."""

_ALLOWED_OPCODES = frozenset(
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
_SCRIPT_LIST_BUILDERS = {"build_intlist", "build_doublelist", "build_boollist", "build_tensorlist"}
_ITEM_BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "bfloat16": 2}
_ITEM_BYTES |= {"int16": 2, "int8": 1, "uint8": 1, "bool": 1}


class NotOnlyTensors(Exception):
    """The pickle holds something that published weights do not; the text names it in few words."""


class TensorRecord(NamedTuple):
    """One tensor as the pickle describes it; not yet compared with the archive.

    Attributes:
        storage: name of the archive's record that holds its data.
        dtype: torch's name of the element type.
        storage_items: number of elements in that record.
        offset: index of the tensor's first element in the record.
        shape: size of each dimension.
        stride: distance of neighbours along each dimension, in elements.
    """

    storage: str
    dtype: str
    storage_items: int
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def storage_bytes(self) -> int:
        """Size of the archive's record in bytes."""
        return self.storage_items * _ITEM_BYTES[self.dtype]

    @property
    def offset_bytes(self) -> int:
        """Distance of the first element from the record's beginning in bytes."""
        return self.offset * _ITEM_BYTES[self.dtype]


def read_tensor_records(data: bytes, *, scripted: bool) -> dict[str, TensorRecord]:
    """Describe the tensors of a ``data.pkl``, by their dotted names.

    Args:
        data: the pickle.
        scripted: whether it comes from a TorchScript archive; only then modules are allowed.

    Raises:
        NotOnlyTensors: it holds anything but plain values and tensors, or is damaged.
    """
    if len(data) > MAX_PICKLE_BYTES:
        raise NotOnlyTensors(f"a list of contents of {len(data) >> 20} MB")
    _check_opcodes(data, scripted)
    try:
        root = _SafeUnpickler(data).load()
    except NotOnlyTensors:
        raise
    except Exception as error:
        # What a forged pickle may do to the stand-ins: wrong types, a missing memo entry, no STOP.
        raise NotOnlyTensors(f"a damaged list of contents ({type(error).__name__})") from error
    found: dict[str, TensorRecord] = {}
    for visits, (name, value) in enumerate(_walk(_weights_of(root), (), 0)):
        if visits > MAX_VALUES:
            raise NotOnlyTensors("a list of contents of absurd size")
        if isinstance(value, TensorRecord):
            _check_extent(value)
            found[name] = value
    return found


def _check_opcodes(data: bytes, scripted: bool) -> None:
    """Refuse opcodes and globals that published checkpoints do not use; nothing is executed."""
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name not in _ALLOWED_OPCODES:
                raise NotOnlyTensors(f"the instruction {opcode.name}")
            if opcode.name == "GLOBAL" and not _is_allowed_global(str(argument), scripted):
                raise NotOnlyTensors(f"the program {str(argument).replace(' ', '.')}"[:200])
            if opcode.name == "LONG_BINPUT" and int(argument or 0) > MAX_MEMO:
                raise NotOnlyTensors("a list of contents of absurd size")
    except NotOnlyTensors:
        raise
    except Exception as error:
        # pickletools raises ValueError, UnicodeDecodeError or OverflowError on other bytes.
        raise NotOnlyTensors("a damaged list of contents") from error


def _is_allowed_global(argument: str, scripted: bool) -> bool:
    """Whether a GLOBAL opcode's "module name" occurs in published checkpoints."""
    module, name = argument.split(" ", 1)
    if module == "torch":
        return name in _ELEMENT_TYPES
    if module == "torch.jit._pickle":
        return scripted and name in _SCRIPT_LIST_BUILDERS
    if module == "__torch__" or module.startswith("__torch__."):
        return scripted
    return (module, name) in {
        ("collections", "OrderedDict"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch._utils", "_rebuild_parameter"),
    }


# Each stand-in refuses what a pickle could do to it beyond its purpose. The opcode BUILD calls
# ``__setstate__``; without that method it would set attributes.


class _InertOrderedDict(dict):
    """Stands for OrderedDict; its state, torch's metadata of versions, is dropped."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        pass


class _ScriptedModule:
    """Stands for a module of a TorchScript archive; holds its attributes."""

    __slots__ = ("attributes",)

    def __setstate__(self, state: Any) -> None:
        self.attributes = state


class _InertFunction:
    """Stands for a function; subclasses return a value made of the arguments."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        raise NotOnlyTensors("a change to a function")


class _RebuildTensor(_InertFunction):
    """Stands for ``torch._utils._rebuild_tensor_v2``."""

    __slots__ = ()

    def __call__(self, storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> TensorRecord:
        if not isinstance(storage, _Storage):
            raise NotOnlyTensors("a tensor without numbers")
        if type(shape) is not tuple or type(stride) is not tuple:
            raise NotOnlyTensors("a tensor of absurd size")
        return TensorRecord(storage.key, storage.dtype, storage.items, offset, shape, stride)


class _ReturnFirstArgument(_InertFunction):
    """Stands for constructors of parameters and typed lists, whose first argument is the value."""

    __slots__ = ()

    def __call__(self, value: Any, *_: Any) -> Any:
        return value


class _ElementType(NamedTuple):
    """Stands for a storage class such as ``torch.FloatStorage``."""

    dtype: str


class _Storage(NamedTuple):
    """A record of the archive, as a persistent id names it."""

    key: str
    dtype: str
    items: int


class _SafeUnpickler(pickle.Unpickler):
    """Python's unpickler, with stand-ins instead of imports."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for a name; imports nothing and refuses unknown names."""
        if module == "torch" and name in _ELEMENT_TYPES:
            return _ElementType(_ELEMENT_TYPES[name])
        if (module, name) == ("collections", "OrderedDict"):
            return _InertOrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _RebuildTensor()
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _ReturnFirstArgument()
        if module == "torch.jit._pickle" and name in _SCRIPT_LIST_BUILDERS:
            return _ReturnFirstArgument()
        if module == "__torch__" or module.startswith("__torch__."):
            return _ScriptedModule
        raise NotOnlyTensors(f"the program {module}.{name}"[:200])

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the storage that a persistent id of torch describes."""
        kind, element, key, _device, items = pid
        if kind != "storage" or not isinstance(element, _ElementType) or not isinstance(key, str):
            raise NotOnlyTensors("a tensor without numbers")
        if type(items) is not int or items < 0:
            raise NotOnlyTensors("a tensor of absurd size")
        return _Storage(key, element.dtype, items)


def _weights_of(root: Any) -> Any:
    """The dict of weights; training scripts nest it, as SAM 2's ``{"model": ...}``."""
    if type(root) in (dict, _InertOrderedDict):
        for key in ("model", "state_dict"):
            if type(root.get(key)) in (dict, _InertOrderedDict):
                return root[key]
    return root


def _walk(value: Any, names: tuple[str, ...], depth: int) -> Iterator[tuple[str, Any]]:
    """Yield every value of nested dicts and modules, themselves included, with its dotted name."""
    if depth > MAX_DEPTH:
        raise NotOnlyTensors("a list of contents of absurd depth")
    yield ".".join(names), value
    inner = getattr(value, "attributes", None) if type(value) is _ScriptedModule else value
    if isinstance(inner, dict):
        for name, child in inner.items():
            if isinstance(name, str):
                yield from _walk(child, (*names, name), depth + 1)


def _check_extent(record: TensorRecord) -> None:
    """Refuse a tensor that reaches beyond its record."""
    numbers = (record.offset, *record.shape, *record.stride)
    if any(type(n) is not int or n < 0 for n in numbers):
        raise NotOnlyTensors("a tensor of absurd size")
    if len(record.shape) != len(record.stride) or len(record.shape) > 8:
        raise NotOnlyTensors("a tensor of absurd size")
    if 0 in record.shape:
        return
    last = record.offset + sum(
        (n - 1) * s for n, s in zip(record.shape, record.stride, strict=True)
    )
    # The second condition holds for every published tensor; it bounds the memory of a later copy.
    if last >= record.storage_items or math.prod(record.shape) > record.storage_items:
        raise NotOnlyTensors("a tensor larger than its numbers")
