"""A complete evaluation on generated photos with known figures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BadRequest, ExportProblem, PhotoMissing
from engine.evaluation import (
    attribute_queries,
    caption_retrieval,
    coco_truth,
    contact_sheet,
    evaluation,
    evaluation_table,
    relation_queries,
    sample_table,
    tile_drawing,
)
from engine.evaluation.annotated_search import Ranking
from engine.evaluation.evaluation import EvaluationRequest
from engine.evaluation.recording_reranker import RecordingReranker
from engine.records import Photo, PhotoId, RerankerInfo
from tests.fakes import colour_models, synthetic_photos
from tests.fakes.recording_listener import RecordingListener

RED, GREEN, BLUE, SMALL = (10, 10, 60, 60), (90, 40, 150, 100), (20, 20, 90, 80), (120, 10, 140, 30)


def _rectangle(box: tuple[int, int, int, int]) -> list[list[int]]:
    x0, y0, x1, y1 = box
    return [[x0, y0, x1, y0, x1, y1, x0, y1]]


def _truth(folder: Path, annotated: list[tuple[int, int, tuple, int]]) -> Path:
    """``annotated``: image, category, box, crowd."""
    document = {
        "images": [
            {"id": 10 + n, "file_name": f"below/{n}.png", "width": 160, "height": 120}
            for n in range(4)
        ],
        "categories": [
            {"id": n, "name": name} for n, name in enumerate(("red", "green", "blue", "purple"))
        ],
        "annotations": [
            {
                "id": n,
                "image_id": image,
                "category_id": category,
                "iscrowd": crowd,
                "area": (box[2] - box[0]) * (box[3] - box[1]),
                # As a text, as some files have it.
                "segmentation": json.dumps(_rectangle(box)),
            }
            for n, (image, category, box, crowd) in enumerate(annotated)
        ],
    }
    path = folder / "instances.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photo 0: red and a small green; 1: green; 2: blue; 3 is listed but not there; and one that
    is there but not listed, the reddest of all."""
    shapes = [[("red", RED), ("green", SMALL)], [("green", GREEN)], [("blue", BLUE)]]
    for number, drawn in enumerate(shapes):
        synthetic_photos.write(tmp_path / "below" / f"{number}.png", synthetic_photos.pixels(drawn))
    synthetic_photos.write(
        tmp_path / "unlisted.png", synthetic_photos.pixels([("red", (0, 0, 160, 120))])
    )
    return tmp_path


def _evaluate(photos: Path, annotated, **asked) -> evaluation.EvaluationResult:
    request = EvaluationRequest(photos, _truth(photos, annotated), **asked)
    return evaluation.evaluate(request, RecordingListener(), profile=colour_models.profile())


def test_everything_right(photos):
    result = _evaluate(
        photos,
        [(10, 0, RED, 0), (10, 1, SMALL, 0), (11, 1, GREEN, 0), (12, 2, BLUE, 0), (12, 3, BLUE, 1)],
    )
    assert (result.photos, result.queries, result.profile) == (3, 3, "colours")
    assert result.image_map_at_50 == pytest.approx(1.0)
    assert result.object_map_at_50_iou50 == pytest.approx(1.0)
    # The small one, 20 x 20 px, does not count.
    assert result.mask_recall_iou50_at_20 == result.mask_recall_iou50_at_50 == 1.0
    assert result.verdict_auroc == pytest.approx(1.0)
    assert result.verdict_ece is not None and 0 <= result.verdict_ece < 0.3
    assert result.seconds_per_photo > 0 and result.query_ms_p50 > 0
    keys = (
        "photos queries profile image_map_at_50 object_map_at_50_iou50 mask_recall_iou50_at_20 "
        "mask_recall_iou50_at_50 seconds_per_photo query_ms_p50 verdict_auroc verdict_ece "
        "per_category"
    )
    assert list(result.as_json()) == keys.split()
    assert json.loads(json.dumps(result.as_json())) == result.as_json()
    assert "image mAP@50" in evaluation_table.table(result)


def test_a_photo_that_cannot_be_read_counts_as_never_returned(photos):
    synthetic_photos.aged(_broken(photos / "below" / "1.png"), 3600)
    result = _evaluate(photos, [(10, 0, RED, 0), (11, 1, GREEN, 0)])
    assert (result.photos, result.not_indexed) == (3, 1)
    assert result.image_map_at_50 == pytest.approx(0.5)
    assert result.mask_recall_iou50_at_50 == pytest.approx(0.5)


def _broken(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:60])
    return path


def test_right_photo_but_the_thing_is_elsewhere(photos):
    result = _evaluate(photos, [(10, 0, (100, 60, 150, 110), 0), (12, 2, BLUE, 0)])
    assert result.image_map_at_50 == pytest.approx(1.0)
    assert result.object_map_at_50_iou50 == pytest.approx(0.5)
    assert result.mask_recall_iou50_at_50 == pytest.approx(0.5)


def test_a_thing_nobody_can_find_costs_its_query(photos):
    # "purple" is said of the green photo; blue, green and red are nearer or farther from it, but
    # only one of three photos is right, so its average precision is 1, 1/2 or 1/3.
    result = _evaluate(photos, [(10, 0, RED, 0), (11, 3, GREEN, 0)])
    assert result.image_map_at_50 in (
        pytest.approx((1 + 1 / 2) / 2),
        pytest.approx((1 + 1 / 3) / 2),
    )


def test_a_folder_without_the_photos(photos, tmp_path_factory):
    truth = _truth(photos, [(10, 0, RED, 0)])
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(BadRequest, match="None of the photos"):
        evaluation.evaluate(EvaluationRequest(empty, truth), RecordingListener())


def test_nothing_annotated(photos):
    with pytest.raises(BadRequest, match="no annotated thing"):
        _evaluate(photos, [])


ALL = [(10, 0, RED, 0), (10, 1, SMALL, 0), (11, 1, GREEN, 0), (12, 3, BLUE, 0)]
"""The blue thing is called purple."""


def test_figures_of_each_category(photos):
    result = _evaluate(photos, ALL)
    found = {one.name: one for one in result.per_category}
    assert {name: one.photos for name, one in found.items()} == {"red": 1, "green": 2, "purple": 1}
    assert found["red"].image_ap_at_50 == found["red"].object_ap_at_50_iou50 == pytest.approx(1.0)
    assert result.image_map_at_50 == pytest.approx(
        sum(one.image_ap_at_50 for one in result.per_category) / 3
    )
    first = evaluation_table.worst_table(result).splitlines()[1]
    assert first.split()[0] == min(found.values(), key=lambda one: one.image_ap_at_50).name


def test_only_the_chosen_categories_are_asked(photos):
    result = _evaluate(photos, ALL, only=("Green", "blue"))
    # Blue is a category, but nothing in these photos is called so.
    assert [one.name for one in result.per_category] == ["green"]
    assert result.queries == 1
    assert result.mask_recall_iou50_at_50 == 1.0


def test_a_category_that_the_file_does_not_have(photos):
    with pytest.raises(BadRequest, match='no category "gren"') as refused:
        _evaluate(photos, ALL, only=("red", "gren"))
    assert refused.value.hint == 'Did you mean "green"?'
    with pytest.raises(BadRequest, match="of these categories"):
        _evaluate(photos, ALL, only=("blue",))


def test_only_the_first_photos(photos):
    result = _evaluate(photos, ALL, first=2)
    assert result.photos == 2
    assert [one.name for one in result.per_category] == ["red", "green"]


def test_words_are_asked_where_wanted_and_every_figure_is_explained(photos):
    result = _evaluate(photos, ALL, words=True)
    assert result.words is not None and result.words.absent_queries == 40
    # These models know colours only, so they know nothing of a submarine and decline it.
    assert result.words.absent_first_declined == 1.0
    figures = result.as_json()
    explained = (Path(evaluation.__file__).parent / "FIGURES.md").read_text(encoding="utf-8")
    names = {*figures, *figures["words"], *figures["per_category"][0]}
    assert {name for name in names if f"`{name}`" not in explained} == set()
    assert json.loads(json.dumps(figures)) == figures


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """Sheets of a red photo and of a green one whose truth lies elsewhere."""
    root = tmp_path_factory.mktemp("sheets")
    for number, shape in enumerate((("red", RED), ("green", GREEN))):
        synthetic_photos.write(root / "below" / f"{number}.png", synthetic_photos.pixels([shape]))
    _evaluate(root, [(10, 0, RED, 0), (11, 1, (0, 0, 40, 40), 0)], sheets_dir=root / "sheets")
    return root / "sheets"


class TestContactSheets:
    def test_true_things_are_green_if_found_and_red_if_not(self, drawn):
        assert sorted(path.name for path in drawn.iterdir()) == ["masks-01.png", "queries-01.png"]
        page = _pixels(drawn / "masks-01.png")
        tiles = np.array_split(page, 4, axis=1)
        # Proposed, true, proposed, true: found in the first photo, missed in the second.
        assert _count(tiles[1], tile_drawing.GOOD) > 50 and not _count(tiles[1], tile_drawing.BAD)
        assert _count(tiles[3], tile_drawing.BAD) > 50 and not _count(tiles[3], tile_drawing.GOOD)

    def test_frames_of_hits_say_whether_the_photo_is_right(self, drawn):
        page = _pixels(drawn / "queries-01.png")
        rows = np.array_split(page, 2, axis=0)
        for row in rows:
            first, second, *_ = np.array_split(row, contact_sheet.HITS_SHOWN, axis=1)
            # Both photos are shown for both; the outline and the caption are less than the frame.
            assert _count(first, tile_drawing.GOOD) > 1500 > _count(first, tile_drawing.BAD)
            assert _count(second, tile_drawing.BAD) > 1500 > _count(second, tile_drawing.GOOD)

    def test_a_photo_that_vanished_leaves_the_others(self, tmp_path):
        def read_rgb(photo_id, longest_px):
            if photo_id == 1:
                raise PhotoMissing("The photo is gone.", operation="reading")
            return synthetic_photos.pixels([("red", RED)])

        photos = {n: Photo(PhotoId(n + 1), tmp_path / f"{n}.png", (160, 120)) for n in (0, 1)}
        truth = coco_truth.load(_truth(tmp_path, [(10, 0, RED, 0), (11, 0, RED, 0)]))
        (path,) = contact_sheet.write_mask_sheets(tmp_path, truth, photos, {}, read_rgb)
        tiles = np.array_split(_pixels(path), 4, axis=1)
        # Nothing was proposed in the second photo, so its thing is drawn as missed.
        grey = synthetic_photos.GREY
        assert _count(tiles[0], grey) == 0 and _count(tiles[2], grey) > 5000
        assert _count(tiles[3], tile_drawing.BAD) > 50

    def test_pages_are_split(self, tmp_path, monkeypatch):
        monkeypatch.setattr(contact_sheet, "_QUERIES_A_PAGE", 2)
        truth = coco_truth.load(_truth(tmp_path, [(10, 0, RED, 0)]))
        rankings = {n: Ranking(f"nothing {n}", (), (), 1.0) for n in range(5)}
        files = contact_sheet.write_query_sheets(tmp_path, rankings, truth, synthetic_photos.pixels)
        assert [path.name for path in files] == [f"queries-0{n}.png" for n in (1, 2, 3)]

    def test_a_folder_with_something_in_it_is_refused_before_any_work(self, photos):
        taken = photos / "below"
        with pytest.raises(BadRequest, match="not empty"):
            _evaluate(photos, ALL, sheets_dir=taken)
        with pytest.raises(ExportProblem, match="could not be written"):
            _evaluate(photos, ALL, sheets_dir=photos / "unlisted.png" / "sheets")


def _pixels(path: Path) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB"))


def _count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == np.array(colour)).all(axis=2).sum())


class TestReranking:
    @pytest.fixture
    def with_reranking(self, photos) -> evaluation.EvaluationResult:
        request = EvaluationRequest(photos, _truth(photos, ALL), verify=2)
        return evaluation.evaluate(
            request,
            RecordingListener(),
            profile=colour_models.profile(),
            reranker=RecordingReranker(colour_models.FakeReranker()),
        )

    def test_figures_with_and_without_reranking(self, with_reranking):
        figures = with_reranking.second_look
        assert (figures.model, figures.looked_at_per_query) == ("eyes", 2)
        # Three categories, two hits each; the model answers about all of them.
        assert (figures.looks, figures.unanswered) == (6, 0)
        assert figures.seconds_per_look > 0
        # The blue thing is called purple, of which the model sees nothing: it rejects its
        # photo, which the first stage ranked higher.
        assert with_reranking.image_map_at_50 == figures.image_map_at_50
        assert figures.image_map_at_50 < figures.image_map_at_50_before
        assert with_reranking.verdict_auroc == figures.verdict_auroc
        assert with_reranking.verdict_ece == figures.verdict_ece

    def test_figures_before_equal_those_without_reranking(self, photos, with_reranking):
        plain = _evaluate(photos, ALL)
        assert with_reranking.second_look.image_map_at_50_before == plain.image_map_at_50
        assert (
            with_reranking.second_look.object_map_at_50_iou50_before == plain.object_map_at_50_iou50
        )
        assert plain.second_look is None and "second_look" not in plain.as_json()

    def test_every_figure_is_explained_and_shown(self, with_reranking):
        figures = with_reranking.as_json()
        explained = (Path(evaluation.__file__).parent / "FIGURES.md").read_text(encoding="utf-8")
        names = figures["second_look"]
        assert {name for name in names if f"`{name}`" not in explained} == set()
        assert json.loads(json.dumps(figures)) == figures
        table = evaluation_table.reranking_table(with_reranking.second_look)
        assert "eyes: the first 2 hits of each query, 6 looks" in table

    def test_photos_without_an_answer_are_counted(self, tmp_path):
        drawn = [("a.png", "red"), ("unverifiable.png", "green")]
        for name, colour in drawn:
            synthetic_photos.write(tmp_path / name, synthetic_photos.pixels([(colour, RED)]))
        document = json.loads(_truth(tmp_path, [(10, 0, RED, 0), (11, 1, RED, 0)]).read_text())
        for image, (name, _) in zip(document["images"], drawn, strict=False):
            image["file_name"] = name
        path = tmp_path / "instances.json"
        path.write_text(json.dumps(document))
        result = evaluation.evaluate(
            EvaluationRequest(tmp_path, path, verify=5),
            RecordingListener(),
            profile=colour_models.profile(),
            reranker=RecordingReranker(colour_models.FakeReranker()),
        )
        assert (result.second_look.looks, result.second_look.unanswered) == (4, 2)
        # One photo has a verdict for both words, so there are positives and negatives.
        assert result.verdict_auroc == 1.0

    def test_without_a_model_it_goes_on_without(self, photos):
        class Blind(colour_models.FakeReranker):
            def info(self):
                return RerankerInfo(problem="No language model is installed.")

        request = EvaluationRequest(photos, _truth(photos, ALL), verify=2)
        result = evaluation.evaluate(
            request,
            RecordingListener(),
            profile=colour_models.profile(),
            reranker=RecordingReranker(Blind()),
        )
        assert result.second_look is None and result.queries == 3
        assert result.verdict_auroc is not None


def test_figures_of_sentences_relations_colours_and_tables_are_explained():
    explained = (Path(evaluation.__file__).parent / "FIGURES.md").read_text(encoding="utf-8")
    kinds = (
        caption_retrieval.CaptionFigures,
        caption_retrieval.RetrievalFigures,
        relation_queries.RelationFigures,
        relation_queries.KindFigures,
        attribute_queries.AttributeFigures,
        sample_table.TableFigures,
        sample_table.Fault,
    )
    names = {field.name for kind in kinds for field in dataclasses.fields(kind)}
    assert {name for name in names if f"`{name}`" not in explained} == set()
