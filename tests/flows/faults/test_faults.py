"""Kills, failing writes and flipped bits lose nothing that was finished.

The long ones are the full numbers; each prints what it tried.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[2]
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs fork and /proc")


def run(script: str, *arguments: object, preload: Path | None = None) -> dict[str, Any]:
    """What a script prints."""
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    if preload is not None:
        environment["LD_PRELOAD"] = str(preload)
    ran = subprocess.run(
        [sys.executable, str(_HERE / script), *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    print(ran.stdout)
    result: dict[str, Any] = json.loads(ran.stdout)
    return result


@pytest.mark.parametrize("rounds", [6, pytest.param(200, marks=pytest.mark.long)])
def test_kills_at_random_moments_lose_nothing(tmp_path: Path, rounds: int) -> None:
    result = run("kill_script.py", tmp_path, rounds)
    for name in (
        *("lost_edits", "lost_photos", "photos_without_vectors"),
        *("faults", "stray_files", "damaged_backups"),
    ):
        assert result[name] == 0, name
    assert result["kills_that_cost_a_look_at_one_photo"] <= rounds
    assert sum(result["killed_in"].values()) == rounds
    if rounds > 100:
        assert set(result["killed_in"]) >= {"add_photos", "build_shards", "edit", "back_up"}


@pytest.fixture(scope="session")
def failing_writes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    library = tmp_path_factory.mktemp("shim") / "failing_writes.so"
    source = _HERE / "failing_writes.c"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True
    )
    return library


@pytest.mark.parametrize("step", [50, pytest.param(1, marks=pytest.mark.long)])
def test_failing_writes_are_told_and_lose_nothing(
    tmp_path: Path, failing_writes: Path, step: int
) -> None:
    result = run("write_failure_script.py", tmp_path, step, preload=failing_writes)
    assert result["wrong"] == []
    assert result["writes_of_one_run"] >= 200
    assert any("disk-full" in text for text in result["told"])
    if step == 1:
        told = {text.split(":")[0] for text in result["told"]}
        assert told >= {"opening", "edit", "index", "shards", "export", "backup", "delete"}
    assert result["runs_without_a_message"] < result["tried"] / 4


@pytest.mark.parametrize("places", [8, pytest.param(100, marks=pytest.mark.long)])
def test_flipped_bits_are_noticed_and_restored(tmp_path: Path, places: int) -> None:
    result = run("flip_script.py", tmp_path, places)
    assert result["wrong"] == []
    unnoticed = [what for what in result if what.startswith("not noticed")]
    precious = ("folders", "edits", "vectors", "regions")
    assert not [what for what in unnoticed for name in precious if name in what]
