"""The command that shows, fetches, imports, verifies and removes models."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from engine import cli
from engine.commands.terminal.console import Console
from engine.weights import model_store
from engine.weights.catalogue import Catalogue, CatalogueEntry, ModelFile
from tests.engine.weights.test_download import CONTENT, DIGEST


@pytest.fixture(autouse=True)
def own_model_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> CatalogueEntry:
    """The only entry of the catalogue."""
    file = ModelFile(
        "toy.safetensors", "safetensors", len(CONTENT), DIGEST, url="https://localhost:9/toy"
    )
    entry = CatalogueEntry(
        "toy", "Toy", "masks", "MIT", "Free for toys only.", "https://example.org", (file,)
    )
    monkeypatch.setattr(model_store, "shipped", lambda: Catalogue((entry,)))
    return entry


def models(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = cli.run(["models", *argv], console=Console(out, err))
    return status, out.getvalue(), err.getvalue()


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_list_names_the_built_in_ones_and_those_that_can_be_had():
    status, out, err = models("list")
    assert (status, err) == (0, "")
    assert "starter" in out and "EfficientNet-Lite2" in out
    assert "sam2.1-tiny" in out and "alpha-clip-l14" in out and "installed" not in out


def test_show_prints_licence_sizes_and_where_from():
    status, out, _ = models("show", "alpha-clip-b16")
    assert status == 0
    assert "research only" in out and "by hand from https://" in out
    assert "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f (published)" in out


def test_a_file_is_imported_verified_and_removed(toy, tmp_path, own_model_store):
    (tmp_path / "somewhere.bin").write_bytes(CONTENT)
    status, out, err = models("import", "toy", str(tmp_path / "somewhere.bin"))
    assert status == 0 and f"{DIGEST} (as published)" in out and "is installed in" in err
    assert "installed" in models("list")[1]
    assert models("verify") == (0, "toy: every byte as it was installed\n", "")
    (own_model_store / "toy" / "toy.safetensors").write_bytes(CONTENT[:-1] + b"x")
    status, _, err = models("verify", "toy")
    assert status == 1 and "SHA-256" in err and str(own_model_store) in err
    status, out, _ = models("remove", "toy", "--yes")
    assert status == 0 and "freed" in out
    assert models("verify")[0] == 1


def test_what_is_no_model_is_refused(toy, tmp_path):
    (tmp_path / "virus.pt").write_bytes(b"\x80\x02cposix\nsystem\nq\x00X\x04\x00\x00\x00true")
    status, out, err = models("import", "toy", str(tmp_path / "virus.pt"))
    assert (status, out) == (1, "") and "virus.pt" in err


def test_the_terms_are_shown_and_a_no_downloads_nothing(toy, monkeypatch, own_model_store):
    answer(monkeypatch, "n\n")
    status, _, err = models("download", "toy")
    assert status == 1 and "Free for toys only." in err and "Nothing was downloaded" in err
    answer(monkeypatch, "")
    assert models("download", "toy")[0] == 1
    assert not own_model_store.exists()


def test_nothing_is_removed_without_a_yes(toy, tmp_path, monkeypatch):
    (tmp_path / "toy.safetensors").write_bytes(CONTENT)
    models("import", "toy", str(tmp_path))
    answer(monkeypatch, "no\n")
    assert models("remove", "toy")[0] == 1
    assert "installed" in models("list")[1]


@pytest.mark.parametrize("argv", [("download",), ("show",), ("import", "toy"), ("remove", "x")])
def test_what_is_missing_is_asked_for(toy, argv):
    status, out, err = models(*argv)
    assert (status, out) == (1, "") and err.startswith("Error: ")


def test_a_damaged_catalogue_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.weights.catalogue.resources_dir", lambda: tmp_path)
    (tmp_path / "models").mkdir(exist_ok=True)
    (tmp_path / "models" / "catalogue.json").write_text(json.dumps({"models": [{}]}))
    status, _, err = models("list")
    assert status == 1 and "catalogue of models cannot be used" in err
