"""Pickles of published checkpoints are described; forged ones are refused and never run."""

from __future__ import annotations

import pickle

import pytest

from engine.weights.safe_unpickler import NotOnlyTensors, read_tensor_records

TENSOR = (
    b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x0ctQ%b\x89ccollections\nOrderedDict\n)RtR"
)


def tensor(offset: bytes, shape: bytes, stride: bytes) -> bytes:
    return b"\x80\x02}X\x01\x00\x00\x00w" + TENSOR % (offset + shape + stride) + b"s."


def test_a_handwritten_tensor_is_read_if_it_is_valid():
    (record,) = read_tensor_records(
        tensor(b"K\x00", b"K\x03K\x04\x86", b"K\x04K\x01\x86"), scripted=False
    ).values()
    assert (record.shape, record.stride, record.storage_items) == ((3, 4), (4, 1), 12)


@pytest.mark.parametrize(
    "data",
    [
        tensor(b"K\x01", b"K\x03K\x04\x86", b"K\x04K\x01\x86"),  # one past the end
        tensor(b"K\x00", b"K\xffK\xff\x86", b"K\x00K\x00\x86"),  # a single number as 65,025
        tensor(b"J\xff\xff\xff\xff", b"K\x01\x85", b"K\x01\x85"),  # before the beginning
        tensor(b"K\x00", b"K\x03K\x04\x86", b"K\x01\x85"),
        tensor(b"K\x00", b"X\x01\x00\x00\x00a\x85", b"K\x01\x85"),
        tensor(b"K\x00", b"}", b")"),
        b"\x80\x02}X\x01\x00\x00\x00w",  # no STOP
        b"\x80\x02r\xff\xff\xff\x7f.",  # a memo of 2^31 slots
        b"\x80\x02)R.",
        b"\x80\x02h\x05.",
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}b.",  # changes the function
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)\x81.",
        b"\x80\x02ccollections\nOrderedDict\nN}X\x01\x00\x00\x00aK\x01s\x86b.",
        b"\x80\x02cbuiltins\neval\nX\x01\x00\x00\x001\x85R.",
        b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.",
        b"\x80\x02\x82\x01.",  # a name by its extension code
        b"\x80\x02(X\x01\x00\x00\x001ibuiltins\neval\n.",
        b"\x80\x02(cbuiltins\neval\nX\x01\x00\x00\x001o.",
        b"\x80\x02ctorch.hub\nload\nX\x01\x00\x00\x001\x85R.",
        b"\x80\x02ctorch\nload\nX\x01\x00\x00\x001\x85R.",
        b"\x80\x02c__torch__.os\nsystem\n)\x81.",
    ],
)
def test_a_forged_list_of_contents_is_refused(data: bytes):
    with pytest.raises(NotOnlyTensors):
        read_tensor_records(data, scripted=False)


def test_nested_dicts_that_hold_each_other_are_refused():
    """Each holds the next twice: sixty of them would take 2^60 visits."""
    inner: dict = {}
    for _ in range(60):
        inner = {"a": inner, "b": inner}
    with pytest.raises(NotOnlyTensors, match="absurd size"):
        read_tensor_records(pickle.dumps(inner, protocol=2), scripted=False)
    endless: dict = {}
    endless["a"] = endless
    with pytest.raises(NotOnlyTensors, match="absurd depth"):
        read_tensor_records(pickle.dumps(endless, protocol=2), scripted=False)
