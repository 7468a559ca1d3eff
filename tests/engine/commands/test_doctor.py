"""What the doctor tells, and that one broken part does not silence the others."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path

import pytest

from engine import cli
from engine.commands.console import Console
from engine.evaluate import check_up
from engine.jobs.cancel import CancelToken
from engine.weights import shelf as shelves
from engine.weights.catalogue import Catalogue, CatalogueEntry, ModelFile
from tests.engine.weights.test_download import CONTENT, DIGEST


@pytest.fixture(autouse=True)
def own_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> shelves.ModelShelf:
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path / "models"))
    page = "https://example.org"
    file = ModelFile("toy.safetensors", "safetensors", len(CONTENT), DIGEST, url=page)
    entry = CatalogueEntry("toy", "Toy", "masks", "MIT", "Free.", page, (file,))
    monkeypatch.setattr(shelves, "shipped", lambda: Catalogue((entry,)))
    return shelves.ModelShelf()


def doctor(tmp_path: Path, *argv: str) -> tuple[int, str]:
    out = io.StringIO()
    argv = ("--library", str(tmp_path / "library"), "doctor", *argv)
    return cli.run(argv, console=Console(out, io.StringIO())), out.getvalue()


def test_a_sound_installation_is_told_with_a_measured_rate(tmp_path):
    status, out = doctor(tmp_path, "--json")
    told = json.loads(out)
    assert (status, told["fine"]) == (0, True)
    assert told["versions"]["sqlite"] == sqlite3.sqlite_version
    assert told["versions"]["packages"]["torch"]
    assert told["devices"]["cpu"] == "processor"
    assert told["disk"]["library"]["free_bytes"] > 0
    assert told["rate"]["photos"] == check_up.SAMPLES and told["rate"]["photos_per_s"] > 0
    assert not (tmp_path / "library").exists()


def test_a_model_that_changed_on_the_disk_is_found(tmp_path, own_shelf, monkeypatch):
    monkeypatch.setattr(check_up, "rate", lambda watcher: check_up.Part("rate", {}, ()))
    (tmp_path / "toy.safetensors").write_bytes(CONTENT)
    model = own_shelf.import_files("toy", [tmp_path], CancelToken())
    assert "toy: every byte verified" in doctor(tmp_path, "--verify")[1]
    model.files["toy.safetensors"].path.write_bytes(CONTENT[:-1] + b"!")
    status, out = doctor(tmp_path, "--verify")
    assert status == 1 and "models (!)" in out and "SHA-256" in out


def test_a_part_that_fails_does_not_silence_the_others(tmp_path, monkeypatch):
    def broken(_watcher) -> check_up.Part:
        raise RuntimeError("the models are gone")

    monkeypatch.setattr(check_up, "rate", broken)
    status, out = doctor(tmp_path)
    assert status == 1
    assert "rate (!)" in out and "the models are gone" in out
    assert "Python" in out and "GB free" in out
