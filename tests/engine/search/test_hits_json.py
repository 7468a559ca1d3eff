"""The form that scripts rely on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from engine.masks import rle as rle_codec
from engine.records import (
    BoxXyxy,
    Photo,
    PhotoId,
    Region,
    RegionId,
    SearchHit,
    SearchRequest,
    SearchResult,
    Verdict,
)
from engine.search.hits_json import to_json


def test_every_field_and_the_mask_at_the_photos_size() -> None:
    from pycocotools import mask as coco

    small = np.zeros((60, 80), bool)
    small[10:30, 20:60] = True
    photo = Photo(PhotoId(7), Path("/photos/a.jpg"), (800, 600))
    region = Region(
        RegionId(9), photo.id, BoxXyxy(200, 100, 600, 300), rle_codec.encode(small), 0.5
    )
    hits = (
        SearchHit(photo, 0.75, region, Verdict.MATCH, 0.9, "a red thing"),
        SearchHit(photo, 0.5, None, outlined=False),
        SearchHit(photo, 0.4, None, looked_at=True, others=(region,), box_xyxy=BoxXyxy(1, 2, 3, 4)),
    )
    result = SearchResult(SearchRequest(text="red"), "starter", hits, 12.3456)
    document = json.loads(json.dumps(to_json(result)))
    assert document["query"] == "red" and document["profile"] == "starter"
    assert document["took_ms"] == 12.35
    first, second, third = document["hits"]
    assert first.keys() == second.keys() == {
        "photo_id", "path", "score", "verdict", "probability", "region", "reason",
        "outlined", "looked_at", "others", "findings", "similar", "box_xyxy",
    }  # fmt: skip
    assert third["box_xyxy"] == [1, 2, 3, 4] and third["others"] == [first["region"]]
    assert (first["looked_at"], third["looked_at"], first["box_xyxy"]) == (False, True, None)
    assert first["verdict"] == "match" and first["path"] == "/photos/a.jpg"
    assert second["region"] is None and second["probability"] is None
    assert second["verdict"] == "unverified"
    assert first["outlined"] is True and second["outlined"] is False
    assert first["region"]["box_xyxy"] == [200, 100, 600, 300]
    assert first["region"]["size_wh"] == [800, 600] and first["region"]["id"] == 9
    assert first["region"]["rle"]["size"] == [600, 800]
    mask = coco.decode(first["region"]["rle"])
    assert mask.shape == (600, 800) and mask[150, 400] == 1 and mask[500, 700] == 0
    assert abs(int(mask.sum()) - 200 * 400) < 2500
