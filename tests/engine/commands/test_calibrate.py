"""``calibrate`` as typed: with a tiny real language model, and where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.reranking import calibration
from engine.tiny_models import vision_language_model
from tests.fakes import synthetic_photos, tiny_models

OF_EACH = 31


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """As many photos that are mostly red as photos with something green, and what is in them."""
    red, green = (20, 10, 150, 110), (60, 40, 100, 80)
    images, annotations = [], []
    for n in range(2 * OF_EACH):
        colour, (x0, y0, x1, y1) = ("red", red) if n % 2 else ("green", green)
        rgb = synthetic_photos.pixels([(colour, (x0, y0, x1 - n % 7, y1))])
        rgb[0, 0] = (n, n, n)  # two photos of the same bytes are one
        synthetic_photos.write(tmp_path / "photos" / f"{n}.png", rgb)
        images.append({"id": n, "file_name": f"{n}.png", "width": 160, "height": 120})
        if n % 2:
            drawn = [x0, y0, x1, y0, x1, y1, x0, y1]
            annotations.append(
                {"id": n, "image_id": n, "category_id": 1, "area": 13000, "segmentation": [drawn]}
            )
    path = tmp_path / "instances.json"
    categories = [{"id": 1, "name": tiny_models.COLOUR}]
    path.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    return path


@tiny_models.needs_llama
def test_a_model_is_calibrated_and_evaluated(tmp_path, monkeypatch, run_command, coco):
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path / "models"))
    (tmp_path / "files").mkdir()
    files = tiny_models.write_fitted(tmp_path / "files", vision_language_model.QWEN25)
    ran = run_command("models", "import", "own-eyes", files.language, files.vision, "--yes")
    assert ran.status == 0, ran.err
    folder = tmp_path / "models" / "own-eyes"
    (folder / calibration.FILE_NAME).write_text("{")  # as a crash of another program leaves it
    photos = ("--photos", coco.parent / "photos", "--coco", coco)

    out = tmp_path / "calibration-figures.json"
    ran = run_command("calibrate", *photos, "--verify", 2 * OF_EACH, "--json", out)
    assert ran.status == 0, ran.err
    assert "put aside" in ran.err and str(folder) in ran.out
    figures = json.loads(out.read_text())
    assert figures["model"] == "own-eyes" and figures["photos"] == 2 * OF_EACH
    assert (figures["looks"], figures["relevant"]) == (2 * OF_EACH, OF_EACH)
    assert figures["unanswered"] == 0 and figures["seconds_per_look"] > 0
    assert figures["cross_validated"]["auroc"] > 0.95
    rule = calibration.load(folder)
    assert rule.pairs == 2 * OF_EACH and rule.slope > 0

    out = tmp_path / "figures.json"
    ran = run_command("evaluate", *photos, "--first", "6", "--verify", "4", "--json", out)
    assert ran.status == 0, ran.err
    assert "own-eyes: the first 4 hits of each query, 4 looks" in ran.out
    figures = json.loads(out.read_text())
    assert figures["second_look"]["model"] == "own-eyes"
    assert figures["second_look"]["image_map_at_50"] == pytest.approx(1.0)


@tiny_models.needs_llama
def test_few_photos_are_not_enough(tmp_path, monkeypatch, run_command, coco):
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path / "models"))
    (tmp_path / "files").mkdir()
    files = vision_language_model.write(tmp_path / "files")
    run_command("models", "import", "own-eyes", files.language, files.vision, "--yes")
    photos = ("--photos", coco.parent / "photos", "--coco", coco)
    ran = run_command("calibrate", *photos, "--first", "6", "--verify", "4")
    assert ran.status == 1 and "30 of each are needed" in ran.err and "more photos" in ran.err
    assert not (tmp_path / "models" / "own-eyes" / calibration.FILE_NAME).exists()


@pytest.mark.parametrize(
    ("named", "message"),
    [((), "No language model"), (("--second-look", "no-such-model"), "no-such-model")],
)
def test_without_a_language_model_nothing_is_begun(
    tmp_path, monkeypatch, run_command, named, message
):
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path / "models"))
    # The photos are not there either, but that would come later.
    ran = run_command("calibrate", "--photos", tmp_path, "--coco", tmp_path / "x.json", *named)
    assert ran.status == 1 and message in ran.err and ran.out == ""


def test_at_least_one_hit_must_be_looked_at(tmp_path, run_command):
    ran = run_command("calibrate", "--photos", tmp_path, "--coco", "x.json", "--verify", "0")
    assert ran.status == 2
