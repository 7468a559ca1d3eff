"""Checkpoints of each published format are read; other files are refused and never run."""

from __future__ import annotations

import os
import pickle
import shutil
import struct
import warnings
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.errors import ModelBroken, ModelMissing
from engine.weights.checkpoint import (
    FORMATS,
    GGUF,
    READABLE,
    SAFETENSORS,
    STATE_DICT,
    TORCHSCRIPT,
    check_format,
    detect_format,
    read_shapes,
    read_state_dict,
)

from .test_gguf_header import GOOD

GOLDEN = Path(__file__).parents[2] / "golden" / "alpha_clip"


class Payload:
    """Its pickle creates a folder when an ordinary unpickler loads it."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


class Small(torch.nn.Module):
    """A small network with every kind of tensor and attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.attn = torch.nn.MultiheadAttention(8, 2)
        self.parts = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Linear(8, 4))
        self.scale = torch.nn.Parameter(torch.randn(()))
        self.register_buffer("context_length", torch.tensor(77))
        self.sides = [3, 4]
        self.share = 0.5

    def forward(self, x):
        return self.parts(self.attn(x, x, x, need_weights=False)[0]) * self.scale + torch.ones(4)


def save_script(module: torch.nn.Module, path: Path, *, trace: bool = True) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls TorchScript old; published files are so
        module = module.eval()
        scripted = (
            torch.jit.trace(module, torch.ones(2, 1, 8)) if trace else torch.jit.script(module)
        )
        torch.jit.save(scripted, str(path))


def rewrite(source: Path, target: Path, change: dict[str, bytes | None], **how) -> None:
    """Copy an archive with other contents of some entries; the root folder's name is left out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        entries = {n.split("/", 1)[1]: (n, old.read(n)) for n in old.namelist()}
        root = old.namelist()[0].split("/", 1)[0]
        for name, data in change.items():
            entries[name] = (f"{root}/{name}", data)
        for name, data in entries.values():
            if data is not None:
                new.writestr(name, data, **how)


def are_equal(ours: dict, theirs: dict) -> bool:
    return list(ours) == list(theirs) and all(
        ours[name].dtype == theirs[name].dtype and torch.equal(ours[name], theirs[name])
        for name in ours
    )


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "small.pt"
    torch.save(Small().state_dict(), path)
    return path


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.pt"
    save_script(Small(), path)
    return path


# --- files that are read


@pytest.mark.parametrize("name", ["tiny_clip_openai.pt", "tiny_alpha_visual.pth"])
def test_reads_a_state_dict_like_torch(name: str):
    assert are_equal(read_state_dict(GOLDEN / name), torch.load(GOLDEN / name, weights_only=True))


@pytest.mark.parametrize("trace", [True, False], ids=["traced", "scripted"])
def test_reads_the_weights_of_a_script(tmp_path: Path, trace: bool):
    module, path = Small(), tmp_path / "s.pt"
    save_script(module, path, trace=trace)
    assert detect_format(path) == TORCHSCRIPT
    ours, theirs = read_state_dict(path), module.state_dict()
    assert are_equal(dict(sorted(ours.items())), dict(sorted(theirs.items())))


def test_reads_safetensors(tmp_path: Path):
    tensors = {"a": torch.randn(3, 4), "b": torch.arange(5, dtype=torch.float16)}
    save_file(tensors, tmp_path / "m.safetensors")
    assert are_equal(read_state_dict(tmp_path / "m.safetensors"), tensors)


@pytest.mark.parametrize("key", ["model", "state_dict"])
def test_finds_weights_nested_in_a_training_checkpoint(tmp_path: Path, key: str):
    weights = torch.nn.Linear(3, 2).state_dict()
    torch.save({key: weights, "epoch": 4, "lr": 1e-3}, tmp_path / "t.pt")
    assert are_equal(read_state_dict(tmp_path / "t.pt"), dict(weights))


def test_reads_views_parameters_and_every_element_type(tmp_path: Path):
    base = torch.arange(24, dtype=torch.float32)
    tensors: dict = {
        "view": base[4:16].reshape(3, 4).T,
        "base": base,
        "parameter": torch.nn.Parameter(torch.ones(2, 2)),
        "empty": torch.empty(0, 3),
        "scalar": torch.tensor(7),
    }
    for kind in "float16 bfloat16 float64 int32 int16 int8 uint8 bool".split():
        tensors[kind] = torch.ones(3).to(getattr(torch, kind))
    torch.save(tensors, tmp_path / "v.pt")
    assert are_equal(read_state_dict(tmp_path / "v.pt"), tensors)


def test_shapes_without_the_tensors(state: Path, script: Path, tmp_path: Path):
    save_file({"a": torch.randn(3, 4), "b": torch.tensor(1.0)}, tmp_path / "m.safetensors")
    for path in (state, script, tmp_path / "m.safetensors"):
        shapes = {name: tuple(t.shape) for name, t in read_state_dict(path).items()}
        assert read_shapes(path) == shapes


def test_writing_to_a_tensor_does_not_change_the_file(state: Path):
    before = state.read_bytes()
    for tensor in read_state_dict(state).values():
        tensor.zero_()
    assert state.read_bytes() == before


def test_the_file_can_be_deleted_while_its_tensors_are_in_use(state: Path):
    ours = read_state_dict(state)
    theirs = torch.load(state, weights_only=True)
    state.unlink()
    assert are_equal(ours, dict(theirs))


# --- files that are refused, with the file's name and a hint; nothing in them is run


def assert_refused(path: Path, *formats: str) -> ModelBroken:
    """Check that each reader refuses the file, and return the last error."""
    for format in formats or FORMATS:
        with pytest.raises(ModelBroken) as check_error:
            check_format(path, format)
        assert path.name in check_error.value.message and check_error.value.hint
    with pytest.raises(ModelBroken) as caught:
        read_state_dict(path, tuple(f for f in (formats or READABLE) if f in READABLE))
    assert path.name in caught.value.message and caught.value.hint
    return caught.value


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_bare_pickle_is_refused_and_not_run(tmp_path: Path, protocol: int):
    path, marker = tmp_path / "model.pt", tmp_path / "ran"
    path.write_bytes(pickle.dumps({"w": Payload(marker)}, protocol=protocol))
    assert_refused(path)
    assert not marker.exists()
    pickle.loads(path.read_bytes())
    assert marker.exists(), "the payload runs when an ordinary unpickler loads it"


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_a_payload_among_tensors_is_refused_and_not_run(tmp_path: Path, legacy: bool):
    path, marker = tmp_path / "model.pt", tmp_path / "ran"
    weights = {"w": torch.ones(3), "x": Payload(marker)}
    torch.save(weights, path, _use_new_zipfile_serialization=not legacy)
    error = assert_refused(path)
    assert not marker.exists()
    assert legacy or "mkdir" in error.message
    torch.load(path, weights_only=False)
    assert marker.exists()


@pytest.mark.parametrize("entry", ["data.pkl", "constants.pkl", "code/__torch__.py"])
def test_nothing_in_a_script_is_run(script: Path, tmp_path: Path, entry: str):
    path, marker = tmp_path / "bad.pt", tmp_path / "ran"
    program = pickle.dumps(Payload(marker), protocol=2)
    rewrite(script, path, {entry: program})
    if entry == "data.pkl":
        assert_refused(path)
    else:
        assert "scale" in read_state_dict(path)  # never read
    assert not marker.exists()


def test_a_script_is_refused_where_a_state_dict_is_expected(script: Path):
    with pytest.raises(ModelBroken, match="TorchScript"):
        read_state_dict(script, (STATE_DICT,))
    with pytest.raises(ModelBroken, match="TorchScript"):
        check_format(script, STATE_DICT)
    check_format(script, TORCHSCRIPT)


def test_scripted_modules_are_refused_in_a_state_dict(script: Path, tmp_path: Path):
    with zipfile.ZipFile(script) as archive:
        contents = archive.read("script/data.pkl")
    plain = tmp_path / "plain.pt"
    torch.save(Small().state_dict(), plain)
    rewrite(plain, tmp_path / "bad.pt", {"data.pkl": contents})
    assert "__torch__" in assert_refused(tmp_path / "bad.pt", STATE_DICT).message


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("kind", ["state", "script", "safetensors"])
def test_a_truncated_file_is_refused(request, tmp_path: Path, kind: str, share: float):
    if kind == "safetensors":
        complete = tmp_path / "complete.safetensors"
        save_file({"a": torch.randn(50, 4)}, complete)
    else:
        complete = request.getfixturevalue(kind)
    data = complete.read_bytes()
    path = tmp_path / "cut.pt"
    path.write_bytes(data[: int(len(data) * share)])
    assert_refused(path)


@pytest.mark.parametrize("other", [STATE_DICT, TORCHSCRIPT, SAFETENSORS])
def test_a_gguf_by_another_name_is_refused(tmp_path: Path, other: str):
    path = tmp_path / "model.pt"
    path.write_bytes(GOOD)
    check_format(path, GGUF)
    assert "GGUF" in assert_refused(path, other).message


@pytest.mark.parametrize("head", [(1, 2, 2), (9, 2, 2), (3, 2**60, 2), (3, 2, 2**60)], ids=str)
def test_a_gguf_with_absurd_counts_is_refused(tmp_path: Path, head: tuple):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", *head) + bytes(500))
    with pytest.raises(ModelBroken):
        check_format(path, GGUF)


@pytest.mark.parametrize("data", [b"", b"x", b"<!DOCTYPE html>", b"\x80", bytes(40), b"PK\x03\x04"])
def test_other_files_are_refused(tmp_path: Path, data: bytes):
    path = tmp_path / "model.pt"
    path.write_bytes(data)
    assert_refused(path)


def test_a_missing_file_is_an_error(tmp_path: Path):
    with pytest.raises(ModelMissing):
        read_state_dict(tmp_path / "none.pt")


def test_a_zip_bomb_is_refused(state: Path, tmp_path: Path):
    bomb = tmp_path / "bomb.pt"
    rewrite(state, bomb, {"data/0": bytes(50 << 20)}, compress_type=zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 1 << 20
    assert "compressed" in assert_refused(bomb).message


def test_records_that_overlap_are_refused(tmp_path: Path):
    """Another kind of ZIP bomb: many entries of the directory share the same bytes."""
    path = tmp_path / "overlap.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", pickle.dumps({}, protocol=2))
        archive.writestr("m/data/0", bytes(1000))
        first = archive.getinfo("m/data/0")
        for number in range(1, 50):
            duplicate = zipfile.ZipInfo(f"m/data/{number}")
            duplicate.header_offset, duplicate.CRC = first.header_offset, first.CRC
            duplicate.file_size = duplicate.compress_size = first.file_size
            archive.filelist.append(duplicate)
            archive.NameToInfo[duplicate.filename] = duplicate
    assert_refused(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_and_a_tail_are_refused(state: Path, tmp_path: Path):
    twice = tmp_path / "twice.pt"
    shutil.copy(state, twice)
    with zipfile.ZipFile(twice, "a") as archive:
        archive.writestr("small/data.pkl", b"\x80\x02}.")
    assert_refused(twice)
    tail = tmp_path / "tail.pt"
    tail.write_bytes(state.read_bytes() + b"more")
    assert_refused(tail)


def test_missing_or_short_records_are_refused(state: Path, tmp_path: Path):
    rewrite(state, tmp_path / "lost.pt", {"data/0": None})
    assert "lost" in assert_refused(tmp_path / "lost.pt").message
    rewrite(state, tmp_path / "short.pt", {"data/0": b"12"})
    assert "lost" in assert_refused(tmp_path / "short.pt").message


def test_an_archive_from_a_big_endian_machine_is_refused(state: Path, tmp_path: Path):
    rewrite(state, tmp_path / "big.pt", {"byteorder": b"big"})
    assert "byte order" in assert_refused(tmp_path / "big.pt").message


@pytest.mark.parametrize(
    "header", [b"{}", b"{", b"[1]", b'{"a":{"data_offsets":[0,9]}}', b'{"a":1}']
)
def test_a_damaged_safetensors_header_is_refused(tmp_path: Path, header: bytes):
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    assert_refused(path)


@pytest.mark.parametrize("kind", ["state", "script"])
def test_flipped_bytes_end_in_tensors_or_a_refusal(request, tmp_path: Path, kind: str):
    """No other exception is raised, so an import shows a message, not a traceback."""
    data = request.getfixturevalue(kind).read_bytes()
    numbers = torch.Generator().manual_seed(7)
    path = tmp_path / "flipped.pt"
    refused = 0
    for _ in range(150):
        damaged = bytearray(data)
        for place in torch.randint(len(data), (8,), generator=numbers).tolist():
            damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        try:
            read_state_dict(path)
        except ModelBroken:
            refused += 1
    assert refused
