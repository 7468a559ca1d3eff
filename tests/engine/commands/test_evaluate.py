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


def test_sentences_relations_and_colours(evaluate, tmp_path):
    sentences, labels = tmp_path / "sentences.json", tmp_path / "labels.json"
    sentences.write_text(json.dumps({"red.png": ["a red one"], "green.png": ["green"]}))
    row = {"file_name": "red.png", "annotation_id": 0, "category": "red", "colours": ["red"]}
    labels.write_text(json.dumps([row]))
    figures = tmp_path / "figures.json"
    ran = evaluate("--captions", sentences, "--attributes", labels, "--json", figures)
    assert ran.status == 0, ran.err
    assert "2 sentences" in ran.out and "colours: 1 queries" in ran.out
    found = json.loads(figures.read_text())
    assert found["captions"]["among_all"]["recall_at_1"] == 1.0
    assert found["attributes"]["outlined_right"] == 1.0
    assert "relations" not in found


def test_relations_that_the_annotations_do_not_answer(evaluate):
    ran = evaluate("--relations")
    assert ran.status == 1 and "no query of relations" in ran.err


def test_true_masks_stand_in_for_the_models(coco, evaluate, tmp_path):
    document = json.loads(coco.read_text())
    document["categories"] = [{"id": 0, "name": "dog"}, {"id": 1, "name": "ball"}]
    box = [100, 20, 140, 20, 140, 60, 100, 60]
    added = [
        # Two photos with a ball to the right of the dog, and one with it to the left.
        *((n, 0, [10, 20, 50, 20, 50, 60, 10, 60], 1, box) for n in (2, 3)),
        (4, 1, [10, 20, 50, 20, 50, 60, 10, 60], 0, box),
    ]
    for n, first, corners, second, others in added:
        name = f"{n}.png"
        synthetic_photos.write(coco.parent / name, synthetic_photos.pixels([("blue", BOX)]))
        document["images"].append({"id": n, "file_name": name, "width": 160, "height": 120})
        for key, (category, shape) in enumerate(((first, corners), (second, others))):
            document["annotations"].append(
                {
                    "id": 10 * n + key,
                    "image_id": n,
                    "category_id": category,
                    "area": 1600,
                    "segmentation": [shape],
                }
            )
    coco.write_text(json.dumps(document))
    figures = tmp_path / "figures.json"
    ran = evaluate("--relations", "--true-masks", "--json", figures)
    assert ran.status == 0, ran.err
    found = json.loads(figures.read_text())
    # The models of colours know neither.
    assert found["profile"] == "true masks" and found["image_map_at_50"] == pytest.approx(1.0)
    assert found["relations"]["queries"] == 1
    assert found["relations"]["precision_at_10"] == 1.0


def test_a_table_of_queries(coco, run_command, tmp_path):
    table = tmp_path / "table.json"
    asked = {"text": "red", "kind": "thing", "right": ["red.png"]}
    table.write_text(json.dumps({"queries": [asked], "absent": ["yellow"]}))
    figures = tmp_path / "figures.json"
    ran = run_command("evaluate", "--photos", coco.parent, "--table", table, "--json", figures)
    assert ran.status == 0, ran.err
    assert "absent things called a match: 0 of 1" in ran.out
    assert json.loads(figures.read_text())["first_right"] == 1.0


def test_annotations_or_a_table(coco, run_command, evaluate):
    for ran in (run_command("evaluate", "--photos", coco.parent), evaluate("--table", coco)):
        assert ran.status == 2
