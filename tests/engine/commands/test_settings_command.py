"""The command that shows and changes settings, also of a library that is open elsewhere."""

from __future__ import annotations

import contextlib
import io
from dataclasses import fields
from pathlib import Path

import pytest

from engine import cli
from engine import settings as settings_file
from engine.commands.terminal.console import Console
from engine.library import Library
from engine.settings import Settings
from tests.fakes import colour_models, gguf_files


@pytest.fixture(autouse=True)
def own_model_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path / "models"))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "library").mkdir()
    return tmp_path / "library"


def settings(library: Path, *argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    argv = ("--library", str(library), "settings", *argv)
    status = cli.run(argv, console=Console(out, err))
    return status, out.getvalue(), err.getvalue()


def kept(library: Path) -> Settings:
    return settings_file.load(library / "settings.json")[0]


def test_without_a_name_all_are_shown_with_unit_and_meaning(library):
    status, out, err = settings(library)
    assert (status, err) == (0, "")
    for row in fields(Settings):
        (line,) = [line for line in out.splitlines() if line.startswith(f"{row.name} ")]
        assert row.metadata["help"] in line and row.metadata["unit"] in line
    assert not (library / "settings.json").exists()


def test_one_is_shown(library):
    status, out, _ = settings(library, "rescan_minutes")
    assert status == 0 and out.startswith("rescan_minutes = 60 minutes\n")
    assert "compared with the library" in out


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("workers", "3", 3),
        ("rescan_minutes", "7.5", 7.5),
        ("second_look_gpu_layers", "-1", -1),
        ("second_look_picture_px", "672", 672),
        ("second_look_picture_px", "0", 0),
        ("second_look_model", "", ""),
    ],
)
def test_a_value_is_kept_and_the_others_stay(library, name, text, value):
    settings_file.save(library / "settings.json", Settings(photo_time_limit_s=33.0))
    status, out, err = settings(library, name, text)
    assert status == 0 and out.startswith(f"{name} = ")
    when = "next search" if name.startswith("second_look") else "next start"
    assert when in err
    assert getattr(kept(library), name) == value
    assert kept(library).photo_time_limit_s == 33.0


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("workers", "99", "a whole number from 0 to 16"),
        ("workers", "2.5", "a whole number from 0 to 16"),
        ("workers", "many", "a whole number from 0 to 16"),
        ("rescan_minutes", "0", "a number from 1 to 1440"),
        ("rescan_minutes", "nan", "a number from 1 to 1440"),
        ("rescan_minutes", "inf", "a number from 1 to 1440"),
        ("second_look_picture_px", "500", "0, 448, 672, 896"),
        ("second_look_model", "qwen3-vl-2b", "models list"),
        ("second_look_model", "sam2.1-tiny", "models list"),
        ("second_look_model", "nothing", "No language model called nothing"),
        ("profile", "full", "profile use NAME"),
        ("next_profile", "full", "profile use NAME"),
        ("colour", "red", "workers"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(library, name, text, message):
    status, out, err = settings(library, name, text)
    assert (status, out) == (1, "") and message in err
    assert not (library / "settings.json").exists()


def test_an_installed_language_model_can_be_chosen(library, tmp_path):
    gguf_files.language(tmp_path / "g" / "l.gguf")
    gguf_files.vision(tmp_path / "g" / "v.gguf")
    assert cli.run(["models", "import", "tiny", str(tmp_path / "g")], console=quiet()) == 0
    assert settings(library, "second_look_model", "tiny")[0] == 0
    assert kept(library).second_look_model == "tiny"
    status, _, err = settings(library, "second_look_model", "qwen3-vl-2b")
    assert status == 1 and "Choose one of: tiny." in err


def quiet() -> Console:
    return Console(io.StringIO(), io.StringIO())


def test_it_works_while_the_library_is_open(library):
    with contextlib.closing(Library.open(library, profile=colour_models.profile())):
        assert settings(library, "workers", "2")[0] == 0
    assert kept(library).workers == 2


def test_a_library_that_is_not_there_is_not_made(tmp_path):
    status, _, err = settings(tmp_path / "nowhere", "workers", "2")
    assert status == 1 and "no library here" in err
    assert settings(tmp_path / "nowhere")[0] == 0
    assert not (tmp_path / "nowhere").exists()
