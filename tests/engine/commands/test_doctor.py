"""``doctor``: what it prints, and that one part with an error does not stop the others."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path

import pytest

from engine import cli, diagnostics
from engine.commands.terminal.console import Console
from engine.jobs.cancel import CancelToken
from engine.weights import model_store
from engine.weights.catalogue import Catalogue, CatalogueEntry, ModelFile
from engine.weights.custom_models import custom_entry
from tests.engine.weights.test_download import CONTENT, DIGEST
from tests.fakes import gguf_files


@pytest.fixture(autouse=True)
def own_model_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> model_store.ModelStore:
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path / "models"))
    page = "https://example.org"
    file = ModelFile("toy.safetensors", "safetensors", len(CONTENT), DIGEST, url=page)
    entry = CatalogueEntry("toy", "Toy", "masks", "MIT", "Free.", page, (file,))
    monkeypatch.setattr(model_store, "shipped", lambda: Catalogue((entry,)))
    return model_store.ModelStore()


def doctor(tmp_path: Path, *argv: str) -> tuple[int, str]:
    out = io.StringIO()
    argv = ("--library", str(tmp_path / "library"), "doctor", *argv)
    return cli.run(argv, console=Console(out, io.StringIO())), out.getvalue()


@pytest.mark.slow
def test_a_sound_installation_is_reported_with_a_measured_rate(tmp_path):
    status, out = doctor(tmp_path, "--json")
    figures = json.loads(out)
    assert (status, figures["fine"]) == (0, True)
    assert figures["versions"]["sqlite"] == sqlite3.sqlite_version
    assert figures["versions"]["packages"]["torch"]
    assert figures["devices"]["cpu"] == "processor"
    assert figures["disk"]["library"]["free_bytes"] > 0
    assert figures["second look"]["model"] is None and figures["second look"]["fine"]
    assert (
        figures["rate"]["photos"] == diagnostics.SAMPLE_COUNT
        and figures["rate"]["photos_per_s"] > 0
    )
    assert not (tmp_path / "library").exists()


def test_a_model_that_changed_on_the_disk_is_found(tmp_path, own_model_store, monkeypatch):
    monkeypatch.setattr(
        diagnostics, "rate", lambda listener: diagnostics.DiagnosticSection("rate", {}, ())
    )
    (tmp_path / "toy.safetensors").write_bytes(CONTENT)
    model = own_model_store.import_files("toy", [tmp_path], CancelToken())
    assert "toy: every byte verified" in doctor(tmp_path, "--verify")[1]
    model.files["toy.safetensors"].path.write_bytes(CONTENT[:-1] + b"!")
    status, out = doctor(tmp_path, "--verify")
    assert status == 1 and "models (!)" in out and "SHA-256" in out


def test_a_part_that_fails_does_not_stop_the_others(tmp_path, monkeypatch):
    def broken(_listener) -> diagnostics.DiagnosticSection:
        raise RuntimeError("the models are gone")

    monkeypatch.setattr(diagnostics, "rate", broken)
    status, out = doctor(tmp_path)
    assert status == 1
    assert "rate (!)" in out and "the models are gone" in out
    assert "Python" in out and "GB free" in out


@pytest.fixture
def language_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installed language model, the only model there is."""
    monkeypatch.setattr(
        diagnostics, "rate", lambda listener: diagnostics.DiagnosticSection("rate", {}, ())
    )
    files = (
        gguf_files.language(tmp_path / "given" / "l.gguf"),
        gguf_files.vision(tmp_path / "given" / "v.gguf"),
    )
    entry = custom_entry("tiny", "second-look", files)
    monkeypatch.setattr(model_store, "shipped", lambda: Catalogue((entry,)))
    return model_store.ModelStore().import_files("tiny", files, CancelToken()).folder


def test_the_model_of_the_second_look_is_reported(tmp_path, language_model):
    status, out = doctor(tmp_path, "--json")
    figures = json.loads(out)["second look"]
    assert (status, figures["fine"], figures["model"], figures["family"]) == (
        0,
        True,
        "tiny",
        "qwen3-vl",
    )
    assert figures["calibrated"] is False
    assert "not calibrated" in doctor(tmp_path)[1]


def test_one_that_is_calibrated_is_reported(tmp_path, language_model):
    (language_model / "calibration.json").write_text(json.dumps({"pairs": 9}))
    assert json.loads(doctor(tmp_path, "--json")[1])["second look"]["calibrated"] is True


def test_one_that_is_broken_is_found(tmp_path, language_model):
    (language_model / "calibration.json").write_text("{")
    status, out = doctor(tmp_path)
    assert status == 1 and "second look (!)" in out and "calibration" in out
    (language_model / "calibration.json").unlink()
    vision = (language_model / "v.gguf").read_bytes()
    (language_model / "v.gguf").write_bytes(b"GGUG" + vision[4:])
    status, out = doctor(tmp_path)
    assert status == 1 and "second look (!)" in out and "v.gguf" in out


def test_a_model_that_is_set_but_gone_is_reported_with_a_hint(tmp_path, language_model):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "settings.json").write_text(json.dumps({"second_look_model": "gone"}))
    status, out = doctor(tmp_path)
    assert status == 0 and "no model called gone" in out


def test_a_runner_that_crashes_does_not_stop_the_others(tmp_path, language_model, monkeypatch):
    monkeypatch.setattr(diagnostics, "_RUNNER_PROBE", "import os; os.abort()")
    status, out = doctor(tmp_path)
    if "llama-cpp-python is not installed" not in out:
        assert status == 0 and "it cannot be loaded" in out
