"""The full profile through the product's own path: both architectures run, at toy size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine import cli
from engine.embeddings.alpha_clip import RegionSettings
from engine.errors import BadRequest, ModelMissing
from engine.indexing.analysis_workers import local_workers, photo_time_limit_s
from engine.jobs.cancel import CancelToken
from engine.masks.sam_network import SamArchitecture
from engine.masks.sam_proposer import SamSettings
from engine.profiles import registry
from engine.profiles.full import full_profile
from engine.profiles.profile import Profile
from engine.settings import Settings
from engine.tiny_models.random_sam import random_network
from engine.weights.catalogue import Catalogue, CatalogueEntry, ModelFile
from engine.weights.model_store import ModelStore
from tests.fakes import synthetic_photos

GOLDEN = Path(__file__).parents[1] / "golden" / "alpha_clip"
MINIATURE = SamArchitecture(16, 1, (1, 1, 2, 1), (3,), image_size=256)
LENIENT = SamSettings(points_per_side=6, iou_from=0.0, stability_from=0.3)
BOX = (20, 20, 90, 90)


def entry(name: str, role: str, *files: str) -> CatalogueEntry:
    return CatalogueEntry(
        name=name,
        title=name,
        role=role,
        licence="none",
        terms="none",
        source="made by a test",
        files=tuple(ModelFile(file, "state-dict", page="nowhere") for file in files),
    )


@pytest.fixture(scope="module")
def sam_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sam") / "tiny_sam.pt"
    network = random_network(MINIATURE, synthetic_photos.pixels([("red", BOX)]))
    torch.save({"model": network.state_dict()}, path)
    return path


CATALOGUE = Catalogue(
    (
        entry("tiny-sam", "masks", "tiny_sam.pt"),
        entry("tiny-clip", "regions", "tiny_clip_openai.pt", "tiny_alpha_visual.pth"),
    )
)


@pytest.fixture
def model_store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", CATALOGUE)


@pytest.fixture
def stocked(model_store: ModelStore, sam_file: Path) -> ModelStore:
    model_store.import_files("tiny-sam", [sam_file], CancelToken())
    model_store.import_files("tiny-clip", [GOLDEN], CancelToken())
    return model_store


def full(model_store: ModelStore, **options) -> Profile:
    return full_profile(model_store, **{"architecture": MINIATURE, "sam": LENIENT} | options)


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    images, annotations, categories = [], [], []
    for n, colour in enumerate(("red", "green")):
        synthetic_photos.write(folder / f"{colour}.png", synthetic_photos.pixels([(colour, BOX)]))
        images.append({"id": n, "file_name": f"{colour}.png", "width": 160, "height": 120})
        categories.append({"id": n, "name": colour})
        corners = [20, 20, 90, 20, 90, 90, 20, 90]
        annotations.append(
            {"id": n, "image_id": n, "category_id": n, "area": 4900, "segmentation": [corners]}
        )
    path = tmp_path / "instances.json"
    path.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    return path


@pytest.mark.slow
def test_index_search_and_export(stocked, coco, tmp_path, capsys):
    profile, library = full(stocked), str(tmp_path / "library")

    def run(*words) -> str:
        status = cli.run(["--library", library, *map(str, words)], profile=profile)
        printed = capsys.readouterr()
        assert status == 0, printed.err
        return printed.out

    run("add", coco.parent / "photos")
    run("index")
    answer = json.loads(run("search", "a red square", "--json"))
    assert answer["profile"] == "full" and len(answer["hits"]) == 2
    assert any(hit["region"] for hit in answer["hits"]), "no mask was found on either photo"
    out = tmp_path / "out"
    run("export", "a red square", "--to", out, "--as", "cutout")
    assert list(out.glob("*.png"))


@pytest.mark.slow
def test_evaluate(stocked, coco, tmp_path, capsys):
    figures = tmp_path / "figures.json"
    words = ["evaluate", "--photos", coco.parent / "photos", "--coco", coco, "--json", figures]
    status = cli.run([str(word) for word in words], profile=full(stocked))
    assert status == 0, capsys.readouterr().err
    judged = json.loads(figures.read_text())
    assert judged["profile"] == "full" and judged["photos"] == 2
    assert judged["verdict_auroc"] is None


IN_A_PROCESS = """
import sys
from pathlib import Path
from engine import cli
from engine.weights.model_store import ModelStore
from tests.flows import test_full_profile as flow

if __name__ == "__main__":
    root, library = Path(sys.argv[1]), sys.argv[2]
    profile = flow.full(ModelStore(root, flow.CATALOGUE))
    for words in (["index"], ["search", "a red square", "--json"]):
        status = cli.run(["--library", library, *words], profile=profile)
        assert status == 0, words
"""


@pytest.mark.slow
def test_it_never_uses_the_network(stocked, coco, tmp_path):
    """Every socket call of these processes, loading the models too, would be written down."""
    repository = Path(__file__).parents[2]
    trap = repository / "tests" / "fakes" / "no_network"
    log, library, script = tmp_path / "network.log", tmp_path / "library", tmp_path / "run.py"
    assert cli.run(["--library", str(library), "add", str(coco.parent / "photos")]) == 0
    script.write_text(IN_A_PROCESS)
    done = subprocess.run(
        [sys.executable, script, stocked.root, library],
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join((str(trap), str(repository))),
            "PICKOUT_NETWORK_LOG": str(log),
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert '"profile": "full"' in done.stdout
    assert not log.exists(), log.read_text("utf-8")


def test_the_full_profile_uses_one_worker_with_a_long_time_limit(stocked):
    settings = Settings(workers=4, photo_time_limit_s=5)
    assert len(local_workers(full(stocked), settings)) == 1
    assert photo_time_limit_s(full(stocked), settings) >= 600


def test_missing_models_are_named(model_store, sam_file):
    with pytest.raises(ModelMissing, match="tiny-sam") as caught:
        full(model_store)
    assert "Download it" in caught.value.hint
    model_store.import_files("tiny-sam", [sam_file], CancelToken())
    with pytest.raises(ModelMissing, match="tiny-clip"):
        full(model_store)


def test_models_of_another_role_or_build_are_refused(stocked):
    with pytest.raises(BadRequest, match="something else"):
        full(stocked, masks_name="tiny-clip")
    with pytest.raises(BadRequest, match="built"):
        full(stocked, architecture=None)


def test_the_key_names_files_and_settings_and_nothing_else(stocked, sam_file, tmp_path):
    key = full(stocked).key
    assert full(stocked).key == key
    assert full(stocked, sam=SamSettings()).key != key
    assert full(stocked, regions=RegionSettings(crop_below=0.1)).key != key
    state = torch.load(sam_file, weights_only=True)
    state["model"]["no_mem_embed"] += 1
    other = tmp_path / "other.pt"
    torch.save(state, other)
    stocked.import_files("tiny-sam", [other], CancelToken())
    assert full(stocked).key != key


def test_by_name_names_a_missing_model(monkeypatch, tmp_path):
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path))
    with pytest.raises(ModelMissing, match=r"sam2\.1-tiny"):
        registry.by_name("full")
