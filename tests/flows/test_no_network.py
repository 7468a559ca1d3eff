"""With every socket call trapped, in all processes: nothing is ever sent anywhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.paths import resources_dir

ROOT = Path(__file__).resolve().parents[2]
TRAP = ROOT / "tests" / "fakes" / "no_network"
PHOTOS = ("cat.jpg", "boats.jpg", "flower.jpg")


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    return {
        **os.environ,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "PYTHONPATH": os.pathsep.join((str(TRAP), str(ROOT))),
        "PICKOUT_NETWORK_LOG": str(tmp_path / "network.log"),
        "QT_QPA_PLATFORM": "offscreen",
    }


@pytest.fixture
def run(variables: dict[str, str]) -> Callable[..., str]:
    """Run Python with the trap set; its output. Fails if it fails."""

    def call(*argv: str) -> str:
        done = subprocess.run(
            [sys.executable, *argv],
            env=variables,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in PHOTOS:
        shutil.copy(resources_dir() / "samples" / name, folder)
    return folder


def calls(variables: dict[str, str]) -> str:
    log = Path(variables["PICKOUT_NETWORK_LOG"])
    return log.read_text("utf-8") if log.exists() else ""


CHILD = """
import multiprocessing
def reach():
    import socket
    socket.create_connection(("127.0.0.1", 9))
if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=reach)
    child.start()
    child.join()
    assert child.exitcode != 0
"""


def test_the_trap_would_notice_even_a_child_process(tmp_path, run, variables):
    script = tmp_path / "reach.py"
    script.write_text(CHILD)
    run(str(script))
    assert "socket." in calls(variables) and "127.0.0.1" in calls(variables)


def test_the_command_line_makes_no_network_call(tmp_path, run, photos, variables):
    def pickout(*argv: str) -> str:
        return run("-m", "engine.cli", "--library", str(tmp_path / "library"), *argv)

    pickout("add", str(photos))
    pickout("index")
    hits = json.loads(pickout("search", "cat", "--json"))["hits"]
    assert hits[0]["path"].endswith("cat.jpg")
    pickout("export", "cat", "--to", str(tmp_path / "out"), "--as", "cutout", "--limit", "1")
    assert len(list((tmp_path / "out").iterdir())) == 1
    pickout("status", "--json")
    pickout("check")
    pickout("models", "list")
    truth = {
        "images": [{"id": 1, "file_name": "cat.jpg", "width": 1024, "height": 768}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "iscrowd": 0,
                "area": 20_000,
                "bbox": [100, 50, 200, 100],
                "segmentation": [[100, 50, 300, 50, 300, 150, 100, 150]],
            }
        ],
    }
    coco = tmp_path / "coco.json"
    coco.write_text(json.dumps(truth))
    pickout("evaluate", "--photos", str(photos), "--coco", str(coco))
    assert calls(variables) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_the_window_makes_no_network_call(tmp_path, variables):
    root = tmp_path / "library"
    process = subprocess.Popen(
        [sys.executable, "-m", "desktop_app", "--library", str(root)],
        env=variables,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (root / "pickout.log").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert calls(variables) == ""
