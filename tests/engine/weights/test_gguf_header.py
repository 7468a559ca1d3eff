"""Valid GGUF headers are read; hostile ones are refused, with little time and memory."""

from __future__ import annotations

import random
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ModelBroken, ModelMissing
from engine.weights import gguf_header
from engine.weights.gguf_header import check, read_header

HUGE = 2**63


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def entry(key: str | bytes, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def array(key: str, kind: int, length: int, items: bytes) -> bytes:
    return entry(key, 9, struct.pack("<IQ", kind, length) + items)


def tensor(name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
    return (
        text(name)
        + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        + struct.pack("<IQ", kind, offset)
    )


def gguf(
    *entries: bytes, tensors: tuple[bytes, ...] = (), data: int = 0, version: int = 3, **counts: int
) -> bytes:
    """A GGUF file of these parts, its data aligned to 32 bytes."""
    head = struct.pack(
        "<4sIQQ", b"GGUF", version, counts.get("claimed_tensors", len(tensors)),
        counts.get("claimed_entries", len(entries)),
    )  # fmt: skip
    content = head + b"".join(entries) + b"".join(tensors)
    return content + bytes(-len(content) % 32) + bytes(data)


ARCHITECTURE = entry("general.architecture", 8, text("qwen3vl"))
WIDTH = entry("qwen3vl.embedding_length", 4, struct.pack("<I", 2048))
TOKENS = array("tokenizer.ggml.tokens", 8, 3, text("a") + text("") + text("ß"))
SCORES = array("tokenizer.ggml.scores", 6, 2, bytes(8))
NORM = tensor("norm", (4, 2), 0, 0)
GOOD = gguf(ARCHITECTURE, WIDTH, TOKENS, SCORES, tensors=(NORM,), data=32)

HOSTILE = {
    "empty": b"",
    "no head": b"GGUF",
    "not GGUF": b"GGML" + GOOD[4:],
    "HTML": b"<!DOCTYPE html>" + bytes(500),
    "version 1": gguf(ARCHITECTURE, version=1),
    "version 9": gguf(ARCHITECTURE, version=9),
    "other byte order": struct.pack(">4sIQQ", b"GGUF", 3, 0, 1) + bytes(200),
    "only zeros": b"GGUF" + struct.pack("<IQQ", 3, 2, 2) + bytes(500),
    "more tensors than bytes": gguf(ARCHITECTURE, claimed_tensors=99_000),
    "more entries than bytes": gguf(ARCHITECTURE, claimed_entries=99_000),
    "absurdly many tensors": gguf(ARCHITECTURE, claimed_tensors=HUGE),
    "absurdly many entries": gguf(ARCHITECTURE, claimed_entries=HUGE),
    "huge key": gguf(struct.pack("<Q", HUGE) + bytes(500)),
    "long key": gguf(entry("k" * 70_000, 0, b"x")),
    "empty key": gguf(entry("", 0, b"x")),
    "key that is no UTF-8": gguf(entry(b"\xff\xfe\xfa", 0, b"x")),
    "key twice": gguf(ARCHITECTURE, ARCHITECTURE),
    "huge string": gguf(entry("k", 8, struct.pack("<Q", HUGE) + bytes(500))),
    "string past the end": gguf(entry("k", 8, struct.pack("<Q", 900) + bytes(500))),
    "huge string in a list": gguf(array("k", 8, 2, text("a") + struct.pack("<Q", HUGE))),
    "huge list of numbers": gguf(array("k", 4, HUGE, bytes(500))),
    "huge list of strings": gguf(array("k", 8, HUGE, bytes(500))),
    "list past the end": gguf(array("k", 10, 100, bytes(500))),
    "list of lists": gguf(array("k", 9, 1, struct.pack("<IQ", 9, 1) * 40)),
    "value of unknown type": gguf(entry("k", 13, bytes(500))),
    "list of unknown type": gguf(array("k", 99, 1, bytes(500))),
}
HOSTILE_TENSORS = {
    "none at all": gguf(ARCHITECTURE),
    "one twice": gguf(tensors=(NORM, NORM), data=64),
    "numbers past the end": gguf(tensors=(tensor("t", (100, 100), 0, 0),), data=399),
    "offset past the end": gguf(tensors=(tensor("t", (1,), 0, 2**40),), data=64),
    "offset past the end, new type": gguf(tensors=(tensor("t", (1,), 77, 2**40),), data=64),
    "unaligned offset": gguf(tensors=(tensor("t", (1,), 0, 5),), data=64),
    "absurd shape": gguf(tensors=(tensor("t", (HUGE, HUGE, HUGE, HUGE), 12, 0),), data=64),
    "many dimensions": gguf(tensors=(tensor("t", (1,) * 9, 0, 0),), data=64),
    "dimensions past the end": gguf(tensors=(text("t") + struct.pack("<I", HUGE >> 33),), data=64),
    "no name": gguf(tensors=(tensor("", (1,), 0, 0),), data=64),
    "alignment 0": gguf(
        entry("general.alignment", 4, struct.pack("<I", 0)), tensors=(NORM,), data=64
    ),
    "alignment that is text": gguf(
        entry("general.alignment", 8, text("x")), tensors=(NORM,), data=64
    ),
}


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(data: bytes) -> Path:
        path = tmp_path / "model.gguf"
        path.write_bytes(data)
        return path

    return save


def assert_refused(read: Callable[[Path], object], path: Path) -> ModelBroken:
    """Check that ``read`` refuses the file and allocates less than 4 MiB."""
    tracemalloc.start()
    try:
        with pytest.raises(ModelBroken) as caught:
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert caught.value.path == path and caught.value.hint
    return caught.value


def test_a_good_header_is_read(saved):
    path = saved(GOOD)
    assert read_header(path) == {
        "general.architecture": "qwen3vl",
        "qwen3vl.embedding_length": 2048,
        "tokenizer.ggml.tokens": 3,
        "tokenizer.ggml.scores": 2,
    }
    check(path)


@pytest.mark.parametrize(
    ("kind", "layout", "value"),
    [
        (0, "<B", 200), (1, "<b", -3), (2, "<H", 60_000), (3, "<h", -300), (4, "<I", 2**31),
        (5, "<i", -5), (6, "<f", 0.5), (7, "<?", True), (10, "<Q", 2**60), (11, "<q", -(2**60)),
        (12, "<d", 1e-6),
    ],
)  # fmt: skip
def test_each_kind_of_value_is_read(saved, kind: int, layout: str, value: object):
    found = read_header(saved(gguf(entry("k", kind, struct.pack(layout, value)))))["k"]
    assert found == value and type(found) is type(value)


def test_undecodable_bytes_of_a_string_are_replaced(saved):
    assert read_header(saved(gguf(entry("k", 8, text(b"a\xff")))))["k"] == "a�"


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_header_is_refused(saved, data: bytes):
    path = saved(data)
    assert_refused(read_header, path)
    assert_refused(check, path)


@pytest.mark.parametrize("data", HOSTILE_TENSORS.values(), ids=HOSTILE_TENSORS.keys())
def test_a_hostile_list_of_tensors_is_refused(saved, data: bytes):
    assert_refused(check, saved(data))


def test_a_file_that_is_cut_off_anywhere_is_refused(saved):
    for length in range(len(GOOD)):
        assert_refused(check, saved(GOOD[:length]))


def test_random_bytes_raise_no_other_error(saved):
    rng = random.Random(7)
    for _ in range(300):
        data = bytearray(GOOD)
        for _ in range(rng.randint(1, 12)):
            data[rng.randrange(4, len(data))] = rng.randrange(256)
        try:
            check(saved(bytes(data)))
        except ModelBroken:
            continue
    for _ in range(50):
        assert_refused(check, saved(b"GGUF\3\0\0\0" + rng.randbytes(rng.randint(0, 400))))


def test_a_header_of_absurd_size_is_refused(saved, monkeypatch):
    monkeypatch.setattr(gguf_header, "MAX_HEADER_BYTES", 1000)
    assert (
        "absurd"
        in assert_refused(read_header, saved(gguf(array("k", 0, 5000, bytes(5000))))).message
    )
    monkeypatch.setattr(gguf_header, "MAX_LIST_STRINGS", 2)
    assert "absurd" in assert_refused(read_header, saved(gguf(TOKENS))).message


def test_a_missing_file_and_a_folder_are_errors(tmp_path):
    with pytest.raises(ModelMissing):
        read_header(tmp_path / "gone.gguf")
    with pytest.raises(ModelBroken):
        read_header(tmp_path)


def test_files_of_the_gguf_package_are_read_and_block_sizes_agree_with_it(tmp_path):
    gguf_package = pytest.importorskip("gguf")
    from tests.fakes import gguf_files

    path = gguf_files.language(tmp_path / "m.gguf", deepstack=3)
    header = read_header(path)
    assert header["general.architecture"] == "qwen3vl"
    assert header["qwen3vl.n_deepstack_layers"] == 3 and header["tokenizer.ggml.tokens"] == 3
    check(path)
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    assert_refused(check, path)
    known = {int(kind): size for kind, size in gguf_package.GGML_QUANT_SIZES.items()}
    assert {kind: known[kind] for kind in gguf_header.BLOCKS} == gguf_header.BLOCKS
