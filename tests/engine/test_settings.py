"""The settings file: written atomically, tolerant of unknown names, never deleted."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from pathlib import Path

import pytest

from engine import settings
from engine.errors import DiskFull
from engine.settings import Settings


def test_saved_settings_are_loaded(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    saved = Settings(workers=3, photo_time_limit_s=30)
    settings.save(path, saved)
    assert settings.load(path) == (saved, "")
    assert [p.name for p in tmp_path.iterdir()] == ["settings.json"]


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert settings.load(tmp_path / "settings.json") == (Settings(), "")


def test_names_of_a_newer_version_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"schema_version": 9, "workers": 2, "moon_phase": "full"}))
    assert settings.load(path) == (Settings(workers=2), "")


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"workers": -1}', '{"workers": "2"}', '{"workers": true}', "\x00"]
)
def test_an_unusable_file_is_renamed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    loaded, notice = settings.load(path)
    assert loaded == Settings() and notice
    assert (tmp_path / "settings.broken").read_text() == text


def test_a_full_disk_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.json"
    settings.save(path, Settings(workers=2))

    def no_room(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(DiskFull):
        settings.save(path, Settings(workers=4))
    assert settings.load(path)[0].workers == 2


def test_every_setting_is_described() -> None:
    for row in fields(Settings):
        assert row.metadata["help"].endswith("."), row.name
