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
from dataclasses import asdict
from pathlib import Path

import pytest

from engine.decode.reader import read_upright
from engine.masks.sam_network import SamArchitecture
from engine.paths import resources_dir
from engine.tiny_models import vision_language_model
from engine.tiny_models.random_sam import random_network
from tests.fakes.tiny_models import needs_llama

ROOT = Path(__file__).resolve().parents[2]
TRAP = ROOT / "tests" / "fakes" / "no_network"
GOLDEN = ROOT / "tests" / "golden" / "alpha_clip"
MINIATURE = SamArchitecture(16, 1, (1, 1, 2, 1), (3,), image_size=256)
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


def test_the_network_trap_notices_child_processes(tmp_path, run, variables):
    script = tmp_path / "reach.py"
    script.write_text(CHILD)
    run(str(script))
    assert "socket." in calls(variables) and "127.0.0.1" in calls(variables)


@pytest.fixture
def coco(photos: Path) -> Path:
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
    path = photos.parent / "coco.json"
    path.write_text(json.dumps(truth))
    return path


def use_it_all(pickout: Callable[..., str], photos: Path, coco: Path, profile: str) -> None:
    """First run to evaluation, as a person would at the command line."""
    out = photos.parent / "out"
    pickout("add", str(photos))
    pickout("index")
    answer = json.loads(pickout("search", "cat", "--json"))
    assert answer["profile"] == profile and answer["hits"]
    pickout("export", "cat", "--to", str(out), "--as", "cutout", "--limit", "1")
    assert len(list(out.iterdir())) == 1
    pickout("status", "--json")
    pickout("check")
    pickout("models", "list")
    pickout("evaluate", "--photos", str(photos), "--coco", str(coco), "--profile", profile)


@pytest.mark.slow
def test_the_command_line_makes_no_network_call(tmp_path, run, photos, coco, variables):
    def pickout(*argv: str) -> str:
        return run("-m", "engine.cli", "--library", str(tmp_path / "library"), *argv)

    use_it_all(pickout, photos, coco, "starter")
    assert calls(variables) == ""


@pytest.mark.slow
def test_installed_full_models_make_no_network_call(tmp_path, run, photos, coco, variables):
    """Miniatures of the real architectures, described and imported as one's own models are."""
    model_store = tmp_path / "models"
    variables["PICKOUT_MODELS"] = str(model_store)
    write_miniatures(tmp_path / "stick", model_store)

    def pickout(*argv: str) -> str:
        return run("-m", "engine.cli", "--library", str(tmp_path / "library"), *argv)

    pickout("models", "import", "tiny-sam", str(tmp_path / "stick"))
    pickout("models", "import", "tiny-clip", str(GOLDEN))
    pickout("models", "verify")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "settings.json").write_text(json.dumps({"profile": "full"}))
    use_it_all(pickout, photos, coco, "full")
    assert calls(variables) == ""


@needs_llama
def test_a_second_look_makes_no_network_call(tmp_path, run, photos, variables):
    variables["PICKOUT_MODELS"] = str(tmp_path / "models")
    files = vision_language_model.write(tmp_path / "stick")

    def pickout(*argv: str) -> str:
        return run("-m", "engine.cli", "--library", str(tmp_path / "library"), *argv)

    pickout("models", "import", "tiny", str(files.language), str(files.vision))
    pickout("add", str(photos))
    pickout("index")
    answer = json.loads(pickout("search", "cat", "--verify", "3", "--json"))
    assert answer["looked_at"] == 3 and answer["second_look"] == "tiny"
    assert calls(variables) == ""


def write_miniatures(stick: Path, model_store: Path) -> None:
    """A SAM file as published but tiny, and a catalogue of one's own that describes it."""
    import torch

    photo = read_upright(resources_dir() / "samples" / "cat.jpg", 256).rgb
    stick.mkdir()
    torch.save({"model": random_network(MINIATURE, photo).state_dict()}, stick / "tiny_sam.pt")
    common = {"licence": "none", "terms": "none", "source": "made by a test"}
    sam = {
        "name": "tiny-sam",
        "title": "Tiny SAM",
        "role": "masks",
        "files": [{"name": "tiny_sam.pt", "format": "state-dict", "page": "nowhere"}],
        "architecture": asdict(MINIATURE),
        "settings": {"points_per_side": 6, "iou_from": 0.0, "stability_from": 0.3},
    }
    clip = {
        "name": "tiny-clip",
        "title": "Tiny CLIP",
        "role": "regions",
        "files": [
            {"name": name, "format": "state-dict", "page": "nowhere"}
            for name in ("tiny_clip_openai.pt", "tiny_alpha_visual.pth")
        ],
    }
    model_store.mkdir()
    (model_store / "catalogue.json").write_text(
        json.dumps({"models": [sam | common, clip | common]})
    )


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
