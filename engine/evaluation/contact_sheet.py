"""Contact sheets that show an evaluation: proposed beside annotated masks, and hits of queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.errors import BadRequest, EngineError, ExportProblem
from engine.evaluation import mask_overlap, metrics, tile_drawing
from engine.evaluation.annotated_search import Ranking
from engine.evaluation.coco_truth import CocoTruth, TruthPhoto
from engine.evaluation.tile_drawing import BAD, GOOD, TEXT, UNCOUNTED, Colour
from engine.records import Photo, PhotoId, Region, Rle, SearchHit, Verdict

ReadRgb = Callable[[PhotoId, int], np.ndarray]
"""Reads an upright photo with its longest side at most so many pixels: uint8 (H, W, 3)."""

MASKS_SHOWN = 20
MASK_PHOTOS = 24
"""Photos whose masks are drawn, spread evenly over the list."""
HITS_SHOWN = 8
_MASK_SIDE_PX, _HIT_SIDE_PX = 440, 240
_MASK_ROWS_A_PAGE, _QUERIES_A_PAGE = 4, 10
_VERDICT_COLOURS: Mapping[Verdict, Colour] = {
    Verdict.MATCH: GOOD,
    Verdict.UNSURE: (250, 204, 21),
    Verdict.NO: BAD,
    Verdict.UNVERIFIED: UNCOUNTED,
}


def make_folder(folder: Path) -> None:
    """Create the folder for the sheets; called first, so that a long evaluation fails at once.

    Raises:
        BadRequest: it is not empty; earlier and new sheets would be mixed.
        ExportProblem: it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise _not_written(folder, error) from error
    if occupied:
        raise BadRequest(
            "The folder for the contact sheets is not empty.",
            operation="drawing contact sheets",
            path=folder,
            hint="Name a new one; nothing is overwritten.",
        )


def write_mask_sheets(
    folder: Path,
    truth: CocoTruth,
    photos: Mapping[int, Photo],
    regions: Mapping[int, Sequence[Region]],
    read_rgb: ReadRgb,
) -> list[Path]:
    """Write ``masks-01.png`` and so on: the first masks of each photo beside the annotated ones.

    An annotated thing is green if one of these masks covers it with IoU 0.5, red if none does,
    grey if it does not count (tiny, or a crowd).

    Args:
        photos, regions: by the photo's index in ``truth.photos``; regions best first.

    Returns:
        The files.

    Raises:
        ExportProblem: a file cannot be written. For a photo that cannot be read, the tile shows the
            error.
    """
    indices = sorted(photos)
    if len(indices) > MASK_PHOTOS:
        chosen = np.linspace(0, len(indices) - 1, MASK_PHOTOS).round().astype(int)
        indices = [indices[i] for i in chosen]
    pairs = []
    for index in indices:
        shown = list(regions.get(index, ()))[:MASKS_SHOWN]
        pairs += _mask_tiles(photos[index], shown, truth.photos[index], read_rgb)
    rows = [tile_drawing.row(pairs[i : i + 4], 4) for i in range(0, len(pairs), 4)]
    return _write_pages(folder, "masks", rows, _MASK_ROWS_A_PAGE)


def _mask_tiles(
    photo: Photo, regions: Sequence[Region], truth: TruthPhoto, read_rgb: ReadRgb
) -> list[np.ndarray]:
    """Two tiles: the proposed masks, and the annotated ones."""
    try:
        rgb = read_rgb(photo.id, _MASK_SIDE_PX)
    except EngineError as error:
        empty = tile_drawing.tile(None, error.message, _MASK_SIDE_PX, text_colour=BAD)
        return [empty, empty]
    colours = tile_drawing.distinct_colours(len(regions))
    proposed = tile_drawing.with_masks(
        rgb, [(region.rle, colour) for region, colour in zip(regions, colours, strict=True)]
    )
    annotated: list[tuple[Rle, Colour]] = []
    found = countable = 0
    overlap = mask_overlap.ious(regions, truth.instances, truth.size_wh)
    best = overlap.max(axis=0) if len(regions) else np.zeros(len(truth.instances))
    for instance, iou in zip(truth.instances, best, strict=True):
        covered = bool(iou >= metrics.IOU_AT_LEAST)
        counts = mask_overlap.is_countable(instance)
        countable += counts
        found += counts and covered
        rle = instance.rle(truth.size_wh)
        if rle is not None:
            annotated.append((rle, (GOOD if covered else BAD) if counts else UNCOUNTED))
    captions = (
        f"{truth.file_name}: {len(regions)} masks",
        f"found {found} of {countable} true ones",
    )
    return [
        tile_drawing.tile(proposed, captions[0], _MASK_SIDE_PX),
        tile_drawing.tile(tile_drawing.with_masks(rgb, annotated), captions[1], _MASK_SIDE_PX),
    ]


def write_query_sheets(
    folder: Path, rankings: Mapping[int, Ranking], truth: CocoTruth, read_rgb: ReadRgb
) -> list[Path]:
    """Write ``queries-01.png`` and so on: a row for each category with its first hits.

    The hit's mask is highlighted and outlined in the colour of the verdict (green ``match``, yellow
    ``unsure``, red ``no``, grey not verified). The frame is green if the photo holds the category,
    red if not; the caption ends with ``+`` if the mask matches a thing of the category.

    Args:
        rankings: by category id.

    Returns:
        The files.

    Raises:
        ExportProblem: a file cannot be written. For a photo that cannot be read, the tile shows the
            error.
    """
    strips = []
    for category_id, ranking in rankings.items():
        hits = list(zip(ranking.hits, ranking.photos, strict=True))[:HITS_SHOWN]
        tiles = [
            _hit_tile(rank, hit, photo, category_id, read_rgb)
            for rank, (hit, photo) in enumerate(hits, 1)
        ] or [tile_drawing.tile(None, "no hit", _HIT_SIDE_PX)]
        row = tile_drawing.row(tiles, HITS_SHOWN)
        held = truth.photos_with(category_id)
        title = f'"{ranking.text}", truly in {held} photo{"" if held == 1 else "s"}'
        strips.append(np.concatenate([tile_drawing.heading(title, row.shape[1]), row]))
    return _write_pages(folder, "queries", strips, _QUERIES_A_PAGE)


def _hit_tile(
    rank: int, hit: SearchHit, photo: TruthPhoto, category_id: int, read_rgb: ReadRgb
) -> np.ndarray:
    try:
        rgb = read_rgb(hit.photo.id, _HIT_SIDE_PX)
    except EngineError as error:
        return tile_drawing.tile(None, error.message, _HIT_SIDE_PX, text_colour=BAD)
    colour = _VERDICT_COLOURS[hit.verdict]
    highlighted = tile_drawing.with_highlight(
        rgb, None if hit.region is None else hit.region.rle, colour
    )
    probability = "" if hit.probability is None else f" {hit.probability:.2f}"
    mask_matches = " +" if mask_overlap.matches_category(hit.region, photo, category_id) else ""
    return tile_drawing.tile(
        highlighted,
        f"{rank}  {hit.verdict}{probability}{mask_matches}",
        _HIT_SIDE_PX,
        text_colour=TEXT if hit.verdict is Verdict.UNVERIFIED else colour,
        frame=GOOD if photo.holds(category_id) else BAD,
    )


def _write_pages(
    folder: Path, name: str, strips: Sequence[np.ndarray], strips_a_page: int
) -> list[Path]:
    from PIL import Image

    files = []
    for number, start in enumerate(range(0, len(strips), strips_a_page), 1):
        path = folder / f"{name}-{number:02d}.png"
        picture = Image.fromarray(tile_drawing.page(strips[start : start + strips_a_page]))
        try:
            picture.save(path)
        except OSError as error:
            raise _not_written(path, error) from error
        files.append(path)
    return files


def _not_written(path: Path, error: OSError) -> ExportProblem:
    return ExportProblem(
        f"The contact sheets could not be written: {error.strerror or error}.",
        operation="drawing contact sheets",
        path=path,
        hint="Choose another folder.",
    )
