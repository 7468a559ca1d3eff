"""A search result as the JSON that scripts rely on (``pickout-cli search --json``)."""

from __future__ import annotations

from typing import Any

from engine.masks import rle as rle_codec
from engine.masks.geometry import scale_mask
from engine.query import plan_json
from engine.records import Finding, Photo, Region, SearchHit, SearchResult


def to_json(result: SearchResult) -> dict[str, Any]:
    """Plain values for ``json.dumps``. Masks are brought to the photo's upright size, which
    takes some milliseconds each."""
    return {
        "query": result.request.text,
        "plan": None if result.plan is None else plan_json.to_json(result.plan),
        "profile": result.profile,
        "took_ms": round(result.took_ms, 2),
        "second_look": result.reranker,
        "looked_at": result.looked_at,
        "note": result.note,
        "hits": [_hit(hit) for hit in result.hits],
    }


def _hit(hit: SearchHit) -> dict[str, Any]:
    return {
        "photo_id": int(hit.photo.id),
        "path": str(hit.photo.path),
        "score": float(hit.score),
        "verdict": hit.verdict.value,
        "probability": None if hit.probability is None else float(hit.probability),
        "region": None if hit.region is None else _region(hit.region, hit.photo),
        "reason": hit.reason,
        "outlined": hit.outlined,
        "looked_at": hit.looked_at,
        "others": [_region(region, hit.photo) for region in hit.others],
        "findings": [_finding(finding) for finding in hit.findings],
        "similar": [str(photo.path) for photo in hit.similar],
        "box_xyxy": None if hit.box_xyxy is None else list(hit.box_xyxy.as_tuple()),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "part": finding.part,
        "probability": float(finding.probability),
        "verdict": finding.verdict.value,
        "regions": [int(region_id) for region_id in finding.regions],
    }


def _region(region: Region, photo: Photo) -> dict[str, Any]:
    mask = scale_mask(rle_codec.decode(region.rle), photo.size_wh)
    rle = rle_codec.encode(mask)
    return {
        "id": int(region.id),
        "box_xyxy": [float(side) for side in region.box_xyxy.as_tuple()],
        "size_wh": list(photo.size_wh),
        "rle": {"size": list(rle.size_hw), "counts": rle.counts.decode("ascii")},
    }
