"""``evaluate`` on generated photos."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes import synthetic_photos

BOX = (20, 20, 90, 90)


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """A red and a green photo with their instances file beside them."""
    images, annotations, categories = [], [], []
    for n, colour in enumerate(("red", "green")):
        synthetic_photos.write(tmp_path / f"{colour}.png", synthetic_photos.pixels([(colour, BOX)]))
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


@pytest.fixture
def evaluate(coco, run_command):
    return lambda *more: run_command("evaluate", "--photos", coco.parent, "--coco", coco, *more)


def test_everything_at_once(evaluate, tmp_path):
    sheets, figures = tmp_path / "s", tmp_path / "figures.json"
    ran = evaluate("--words", "--verbose", "--sheets", sheets, "--json", figures)
    assert ran.status == 0, ran.err
    assert "image mAP@50" in ran.out and "worst" in ran.out
    assert "absent: first hits declined" in ran.out
    figures = json.loads(figures.read_text())
    assert figures["image_map_at_50"] == pytest.approx(1.0)
    assert {one["name"] for one in figures["per_category"]} == {"red", "green"}
    assert figures["words"]["absent_queries"] == 40
    assert str(sheets) in ran.out
    assert {path.name for path in sheets.iterdir()} == {"masks-01.png", "queries-01.png"}


def test_chosen_queries(evaluate, tmp_path):
    ran = evaluate("--queries", "red, ", "--json", tmp_path / "figures.json")
    assert ran.status == 0, ran.err
    assert "worst" not in ran.out and "absent" not in ran.out
    assert json.loads((tmp_path / "figures.json").read_text())["queries"] == 1


def test_queries_from_a_file(evaluate, tmp_path):
    listed = tmp_path / "queries.txt"
    listed.write_text("# left out of fitting\ngreen\n\nred # twice\nred\n")
    ran = evaluate("--queries-from", listed, "--json", tmp_path / "figures.json")
    assert ran.status == 0, ran.err
    assert json.loads((tmp_path / "figures.json").read_text())["queries"] == 2


@pytest.mark.parametrize(
    ("written", "message"),
    [(b"# none\n", "No category is named"), (b"\xff\xfe", "cannot be read"), (None, "cannot be")],
)
def test_a_list_of_queries_that_is_no_use(evaluate, tmp_path, written, message):
    listed = tmp_path / "queries.txt"
    if written is not None:
        listed.write_bytes(written)
    ran = evaluate("--queries-from", listed)
    assert ran.status == 1 and message in ran.err and str(listed) in ran.err


def test_a_category_that_is_not_there(evaluate):
    ran = evaluate("--queries", "rad")
    assert ran.status == 1 and 'Did you mean "red"?' in ran.err


def test_without_a_language_model_it_says_so_and_goes_on(evaluate, tmp_path, monkeypatch):
    monkeypatch.setenv("PICKOUT_MODELS", str(tmp_path / "models"))
    ran = evaluate("--verify", "2", "--json", tmp_path / "figures.json")
    assert ran.status == 0, ran.err
    assert "Going on without a second look" in ran.err and "installed" in ran.err
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["image_map_at_50"] == pytest.approx(1.0) and "second_look" not in figures


def test_a_language_model_that_nobody_knows_costs_the_second_look_only(evaluate):
    ran = evaluate("--verify", "2", "--second-look", "no-such-model", "--gpu-layers", "0")
    assert ran.status == 0, ran.err
    assert "Going on without a second look" in ran.err
