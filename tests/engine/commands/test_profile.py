"""``profile``: shows the active profile, changes it, resumes a change, deletes unused data."""

from __future__ import annotations

import functools
import io
import json
from pathlib import Path

import pytest

from engine import cli
from engine.commands.terminal.console import Console
from engine.profiles import registry
from tests.fakes import colour_models, synthetic_photos


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict:
    known = {"colours": colour_models.profile, "wide": colour_models.wide_profile}
    monkeypatch.setattr(registry, "PROFILES", known)
    return known


@pytest.fixture
def run(tmp_path: Path, known: dict):
    """Commands on a library of six photos, indexed with ``colours``."""

    def command(*argv: object) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        words = ["--library", str(tmp_path / "library"), *map(str, argv)]
        status = cli.run(words, console=Console(out, err))
        return status, out.getvalue(), err.getvalue()

    (tmp_path / "library").mkdir()
    (tmp_path / "library/settings.json").write_text('{"profile": "colours"}')
    for i in range(6):
        synthetic_photos.photo(tmp_path / f"photos/{i}.jpg", "red", seed=i, age_s=1000 + i)
    command("add", tmp_path / "photos")
    assert command("index")[0] == 0
    return command


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("builtins.input", lambda _: text)


def test_use_tells_the_cost_asks_and_changes(run, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "n")
    status, _, err = run("profile", "use", "wide")
    assert status == 1 and "6 photos" in err and "MB" in err and "Nothing was changed" in err
    assert "colours  answering" in run("profile")[1]
    answer(monkeypatch, "y")
    status, out, _ = run("profile", "use", "wide")
    assert (status, out) == (0, "wide answers now.\n")
    shown = run("profile")[1].splitlines()
    assert [line.split()[:2] for line in shown[1:]] == [
        ["colours", "complete,"],
        ["wide", "answering"],
    ]
    assert '"profile": "wide"' in run("search", "red", "--json")[1]
    assert run("profile", "use", "wide")[1] == "wide answers already.\n"


def test_a_change_that_was_stopped_is_shown_and_goes_on(
    run, known: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    known["wide"] = functools.partial(colour_models.wide_profile, gate=gate)
    follow = Console.follow

    def stop_the_change(console: Console, job):
        if job.name != "index":
            return follow(console, job)
        job.cancel()
        raise KeyboardInterrupt

    gate.touch()  # for the trial
    monkeypatch.setattr(Console, "follow", stop_the_change)
    status, _, err = run("profile", "use", "wide", "--yes")
    monkeypatch.setattr(Console, "follow", follow)
    assert status == 130 and "colours answers. To go on" in err
    out = run("profile")[1]
    assert "Changing to the models wide: " in out and "being made" in out
    assert "Changing to the models wide: " in run("status")[1]
    assert json.loads(run("status", "--json")[1])["change"]["profile"] == "wide"
    assert run("index")[0] == 0
    assert "wide     answering" in run("profile")[1]


def test_cancel_and_forget(run) -> None:
    assert "answers, and stays" in run("profile", "cancel")[1]
    assert run("profile", "use", "wide", "--yes")[0] == 0
    status, _, err = run("profile", "forget", "wide", "--yes")
    assert status == 1 and "in use" in err
    status, out, _ = run("profile", "forget", "colours", "--yes")
    assert status == 0 and "MB are free again" in out
    assert "colours" not in run("profile")[1]


def test_other_models_for_one_command_change_nothing(run) -> None:
    assert run("index", "--profile", "wide")[0] == 0
    assert '"profile": "wide"' in run("search", "red", "--profile", "wide", "--json")[1]
    assert '"profile": "colours"' in run("search", "red", "--json")[1]
    assert "Changing" not in run("profile")[1]


def test_what_is_missing_is_asked_for(run) -> None:
    status, _, err = run("profile", "use")
    assert status == 1 and "Which models?" in err
    status, _, err = run("profile", "use", "crystal ball", "--yes")
    assert status == 1 and "no models called crystal ball" in err
