"""Sentences and the photos that they describe."""

from __future__ import annotations

import json

import pytest

from engine.errors import BadRequest
from engine.evaluation import caption_retrieval
from tests.fakes.made_rankings import GivenRankings, hit, photo, ranking, truth

PHOTOS = truth([photo() for _ in range(4)], "thing")


def _measured(captions, *rankings):
    return caption_retrieval.measure(GivenRankings(PHOTOS, *rankings), captions)


def test_ranks_among_all_photos_and_among_the_described_ones():
    found = _measured(
        {"0.jpg": ["first"], "1.jpg": ["third", "lost"]},
        ranking("first", PHOTOS, hit(0), hit(1)),
        ranking("third", PHOTOS, hit(3), hit(2), hit(1)),
    )
    # "lost" finds nothing, and so is the last of all.
    assert found.sentences == 3
    assert (found.among_all.photos, found.among_described.photos) == (4, 2)
    assert found.among_all.recall_at_1 == pytest.approx(1 / 3)
    assert found.among_all.recall_at_5 == found.among_all.recall_at_10 == 1.0
    assert found.among_all.median_rank == 3
    assert found.among_described.recall_at_1 == pytest.approx(2 / 3)
    assert found.among_described.median_rank == 1
    assert "3 sentences" in caption_retrieval.table(found)


def test_a_photo_folded_into_a_hit_follows_it():
    found = _measured(
        {"2.jpg": ["folded"]}, ranking("folded", PHOTOS, hit(0, similar=(2,)), hit(1))
    )
    assert found.among_all.median_rank == 2


def test_sentences_of_other_photos_only():
    with pytest.raises(BadRequest, match="None of the sentences"):
        _measured({"elsewhere.jpg": ["a"]})


def test_both_forms_of_the_file(tmp_path):
    plain, coco = tmp_path / "plain.json", tmp_path / "coco.json"
    plain.write_text(json.dumps({"0.jpg": [" a dog ", ""]}))
    coco.write_text(
        json.dumps(
            {
                "images": [{"id": 7, "file_name": "0.jpg"}],
                "annotations": [{"image_id": 7, "caption": "a dog"}],
            }
        )
    )
    assert caption_retrieval.load(plain) == caption_retrieval.load(coco) == {"0.jpg": ("a dog",)}


@pytest.mark.parametrize(
    "written", ["[]", "{", '{"a": 3}', '{"a": [3]}', '{"annotations": [{"image_id": 1}]}']
)
def test_a_file_that_holds_no_sentences(tmp_path, written):
    path = tmp_path / "captions.json"
    path.write_text(written)
    with pytest.raises(BadRequest, match="cannot be read") as refused:
        caption_retrieval.load(path)
    assert refused.value.path == path
