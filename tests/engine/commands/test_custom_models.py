"""A language model of one's own: two GGUF files under a new name, registered, shown, removed."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from engine import cli
from engine.commands.terminal.console import Console
from engine.weights import catalogue
from engine.weights.model_store import ModelStore
from tests.fakes import gguf_files


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A folder with both files, and one that is neither."""
    folder = tmp_path / "given"
    gguf_files.language(folder / "tiny.gguf")
    gguf_files.vision(folder / "a-vision-part.gguf")
    (folder / "README.md").write_text("my model")
    return folder


def models(*argv: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = cli.run(["models", *map(str, argv)], console=Console(out, err))
    return status, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    "order", [("tiny.gguf", "a-vision-part.gguf"), ("a-vision-part.gguf", "tiny.gguf"), ("",)]
)
def test_two_files_or_their_folder_become_a_model(given, root, order):
    status, _, err = models("import", "my-model", *(given / name for name in order))
    assert (status, "is installed in" in err) == (0, True), err
    model = ModelStore().find("my-model")
    assert list(model.files) == ["tiny.gguf", "a-vision-part.gguf"]
    assert (model.entry.role, model.entry.title) == ("second-look", "my-model")
    assert "your own file" in model.entry.licence
    assert (given / "tiny.gguf").is_file()
    (item,) = json.loads((root / "catalogue.json").read_text("utf-8"))["models"]
    assert item["name"] == "my-model"


def test_it_is_shown_listed_and_verified(given):
    models("import", "my-model", given)
    status, out, _ = models("show", "my-model")
    assert status == 0 and "points at things with boxes" in out and "qwen3-vl" in out
    line = next(line for line in models("list")[1].splitlines() if "my-model" in line)
    assert "installed" in line and "takes the second look" in line
    assert models("verify", "my-model")[0] == 0


def test_one_without_boxes_is_shown_as_such(tmp_path):
    gguf_files.language(tmp_path / "g" / "g.gguf", "gemma3")
    gguf_files.vision(tmp_path / "g" / "mmproj.gguf", "gemma3")
    assert models("import", "gemma", tmp_path / "g")[0] == 0
    assert "answers yes and no only" in models("show", "gemma")[1]


def test_removing_it_takes_its_entry_out_and_leaves_others(given, root):
    theirs = {
        "name": "by-hand", "title": "By hand", "role": "masks", "licence": "MIT", "terms": "Free.",
        "source": "https://example.org",
        "files": [{"name": "m.safetensors", "format": "safetensors", "page": "a drawer"}],
    }  # fmt: skip
    root.mkdir()
    (root / "catalogue.json").write_text(json.dumps({"models": [theirs], "note": "mine"}))
    models("import", "one", given)
    models("import", "two", given)
    assert models("remove", "one", "--yes")[0] == 0
    kept = json.loads((root / "catalogue.json").read_text("utf-8"))
    assert [item["name"] for item in kept["models"]] == ["by-hand", "two"]
    assert kept["models"][0] == theirs and kept["note"] == "mine"
    assert not (root / "one").exists() and (root / "two").exists()
    assert models("remove", "by-hand", "--yes")[0] == 0
    assert "by-hand" in models("list")[1]


@pytest.mark.parametrize(
    ("language", "vision", "message"),
    [
        (("qwen2vl",), ("qwen3vl_merger",), "belongs to another model"),
        (("clip",), ("qwen3vl_merger",), "does not say its"),
    ],
)
def test_a_wrong_pair_is_refused_before_anything_is_copied(
    tmp_path, root, language, vision, message
):
    gguf_files.language(tmp_path / "g" / "l.gguf", *language)
    gguf_files.vision(tmp_path / "g" / "v.gguf", *vision)
    status, out, err = models("import", "odd", tmp_path / "g")
    assert (status, out) == (1, "") and ("vision parts" in err or message in err)
    assert not root.exists()


def test_a_swapped_pair_of_a_known_model_is_refused(tmp_path, root):
    entry = catalogue.shipped().find("qwen3-vl-2b")
    language, vision = (tmp_path / "g" / file.name for file in entry.files)
    gguf_files.language(vision)
    gguf_files.vision(language)
    status, _, err = models("import", "qwen3-vl-2b", tmp_path / "g")
    assert status == 1 and "swapped" in err
    assert not root.exists()


def test_a_file_that_is_cut_short_registers_nothing(given, root):
    whole = (given / "tiny.gguf").read_bytes()
    (given / "tiny.gguf").write_bytes(whole[:-100])
    status, _, err = models("import", "cut", given)
    assert status == 1 and "cut short" in err
    assert not root.exists()


def test_an_import_that_fails_leaves_no_entry(given, root, monkeypatch):
    monkeypatch.setattr("engine.weights.model_store.SPARE_BYTES", 1 << 60)
    status, _, err = models("import", "my-model", given)
    assert status == 1 and "no room" in err
    assert "my-model" not in models("list")[1]
    monkeypatch.undo()


@pytest.mark.parametrize("name", ["../evil", "catalogue.json", "a b", ".hidden"])
def test_what_is_no_name_is_refused(given, root, name):
    status, _, err = models("import", name, given)
    assert status == 1 and "cannot be the name" in err
    assert not root.exists()


def test_one_file_or_none_is_not_enough(given):
    for files in ([], [given / "tiny.gguf"], [given / "README.md"], [given / "gone.gguf"]):
        status, _, err = models("import", "my-model", *files)
        assert status == 1 and "two GGUF files" in err


def test_files_of_one_name_are_refused(tmp_path):
    first = gguf_files.language(tmp_path / "a" / "model.gguf")
    second = gguf_files.vision(tmp_path / "b" / "Model.gguf")
    status, _, err = models("import", "my-model", first, second)
    assert status == 1 and "different names" in err


def test_the_list_recommends_one_for_this_computer():
    marked = [line for line in models("list")[1].splitlines() if "recommended" in line]
    assert len(marked) == 1 and "-vl-" in marked[0]
