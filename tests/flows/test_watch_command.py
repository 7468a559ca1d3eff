"""``pickout-cli watch`` follows folders until a signal comes."""

from __future__ import annotations

import configparser
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import cli
from engine.library import Library
from tests.fakes import synthetic_photos

from .conftest import PATIENCE_S

Open = Callable[..., Library]
_SCRIPT = Path(__file__).with_name("watch_script.py")
_REPOSITORY = _SCRIPT.parents[2]
UNIT = _REPOSITORY / "packaging" / "pickout-watch.service"


def start(root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(_SCRIPT), str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_REPOSITORY)},
    )


def read_until(process: subprocess.Popen[str], words: str) -> str:
    read = []
    for line in process.stdout:
        read.append(line)
        if words in line:
            return "".join(read)
    pytest.fail(f"it ended before it said {words!r}: {''.join(read)}")


@pytest.mark.skipif(sys.platform == "win32", reason="signals end a process at once there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_new_photos_are_indexed_until_a_signal_comes(
    open_library: Open, photos: Path, tmp_path: Path, number: signal.Signals
) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red", seed=1)
    library = open_library()
    library.folders.add(photos)
    library.close()
    with start(tmp_path / "library") as process:
        assert "Watching 1 folder" in read_until(process, "1 photo, 1 searchable\n")
        synthetic_photos.photo(photos / "b.jpg", "blue", seed=2)
        read_until(process, "2 photos, 2 searchable\n")
        for path in photos.iterdir():
            path.unlink()
        read_until(process, "2 of 2 photos are not there. Nothing was removed.")
        process.send_signal(number)
        rest = process.communicate(timeout=PATIENCE_S)[0]
    assert process.returncode == 0 and rest.endswith("Stopped. What was finished is kept.\n")
    assert open_library().status().searchable == 2


def test_without_a_folder_it_says_so(open_library: Open, tmp_path: Path) -> None:
    open_library().close()
    with start(tmp_path / "library") as process:
        out = process.communicate(timeout=PATIENCE_S)[0]
    assert process.returncode == 0 and "add FOLDER" in out


def test_the_systemd_unit_runs_a_command_that_exists() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[method-assign, assignment]
    unit.read(UNIT)
    assert {"Unit", "Service", "Install"} <= set(unit.sections())
    program, command = unit["Service"]["ExecStart"].split()
    assert program.endswith("/pickout-cli") and command in cli.COMMANDS
    assert unit["Service"]["KillMode"] == "mixed"
