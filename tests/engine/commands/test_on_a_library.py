"""add, index, status, search, export and check on a real library with fake models."""

from __future__ import annotations

import _thread
import csv
import functools
import io
import json
from contextlib import closing

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco

from engine import cli
from engine.commands.terminal.console import Console
from engine.library import Library
from engine.store.rows import IndexLevel
from tests.fakes import colour_models, synthetic_photos

from .conftest import run

RED_BOX = (20, 30, 70, 90)


def _red_mask() -> np.ndarray:
    mask = np.zeros((120, 160), bool)
    mask[RED_BOX[1] : RED_BOX[3], RED_BOX[0] : RED_BOX[2]] = True
    return mask


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_add_counts_photos_and_says_what_comes_next(indexed):
    assert indexed.added.status == 0
    assert f"{indexed.photos}: 4 photos found" in indexed.added.out
    assert f'pickout-cli --library "{indexed.library}" index' in indexed.added.out


def test_index_ends_well_although_a_file_is_no_photo(indexed):
    assert indexed.indexed.status == 0
    assert "3 photos searchable (3 new), 3 things in them" in indexed.indexed.out
    assert "1 file could not be indexed" in indexed.indexed.out
    assert "status" in indexed.indexed.out


def test_status_names_the_problem(indexed):
    ran = indexed.run("status")
    assert ran.status == 0
    assert "4 photos: 3 searchable, 0 to index, 1 problem; 3 things found" in ran.out
    assert "letter.jpg: " in ran.out


def test_status_as_json(indexed):
    found = json.loads(indexed.run("status", "--json").out)
    counts = {key: found[key] for key in ("photos", "searchable", "outlined", "pending")}
    assert counts == {"photos": 4, "searchable": 3, "outlined": 3, "pending": 0}
    assert found["regions"] == 3
    nothing_left = {"waiting": 0, "photos_per_s": None, "seconds_left": None}
    assert found["coarse"] == found["full"] == nothing_left
    assert found["profile"] == "colours" and found["problem_count"] == 1
    (problem,) = found["problems"]
    assert problem["path"] == str(indexed.photos / "letter.jpg")
    assert problem["kind"] == "unreadable" and problem["message"]
    assert [folder["path"] for folder in found["folders"]] == [str(indexed.photos)]


def test_search_prints_a_table_best_first(indexed):
    ran = indexed.run("search", "red")
    assert ran.status == 0
    head, first, *_ = ran.out.splitlines()
    assert head.split() == ["rank", "verdict", "probability", "path", "box"]
    rank, verdict, probability, path, box = first.split()
    assert (rank, verdict, path) == ("1", "match", str(indexed.photos / "red.png"))
    assert float(probability) > 0.8 and box == "20,30-70,90"


def test_search_limit(indexed):
    assert len(indexed.run("search", "red", "--limit", 1).out.splitlines()) == 2


def test_search_as_json_carries_masks_at_the_upright_size(indexed):
    ran = indexed.run("search", "red", "--json", "--verify", 2)
    found = json.loads(ran.out)
    top = ["query", "plan", "profile", "took_ms", "second_look", "looked_at", "note", "hits"]
    assert list(found) == top and found["query"] == "red"
    assert found["looked_at"] == 0 and "Download one" in found["note"]
    hit = found["hits"][0]
    keys = ["photo_id", "path", "score", "verdict", "probability", "region", "reason", "outlined"]
    assert list(hit) == [*keys, "looked_at", "others", "findings", "similar", "box_xyxy"]
    assert hit["outlined"] and hit["path"] == str(indexed.photos / "red.png")
    region = hit["region"]
    assert region["rle"]["size"] == [120, 160] and region["size_wh"] == [160, 120]
    mask = coco.decode(region["rle"]).astype(bool)
    assert _iou(mask, _red_mask()) > 0.95
    assert region["box_xyxy"] == pytest.approx(RED_BOX, abs=1.5)


def test_the_library_may_be_named_after_the_command(indexed, run_command):
    ran = run_command("search", "red", "--library", indexed.library, "--limit", 1)
    assert ran.status == 0 and "red.png" in ran.out


def test_export_masks_of_likely_hits_only(indexed, tmp_path):
    ran = indexed.run("export", "red", "--to", tmp_path / "out", "--as", "mask")
    assert ran.status == 0
    (written,) = ran.out.splitlines()
    with Image.open(written) as picture:
        assert _iou(np.asarray(picture) == 255, _red_mask()) > 0.95
    assert "1 file written" in ran.err


def test_export_with_a_limit_takes_that_many(indexed, tmp_path):
    ran = indexed.run("export", "red", "--to", tmp_path, "--as", "cutout", "--limit", 2)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert ran.status == 0 and len(names) == 2 and "red - red - cutout.png" in names
    with Image.open(tmp_path / "red - red - cutout.png") as picture:
        rgba = np.asarray(picture)
    solid = rgba[..., 3] == 255
    assert abs(int(solid.sum()) - 50 * 60) < 250
    assert np.abs(rgba[solid][:, :3].astype(int) - colour_models.COLOURS["red"]).max() <= 2


def test_export_overlay_coco_and_csv(indexed, tmp_path):
    for kind in ("overlay", "coco", "csv"):
        ran = indexed.run("export", "red", "--to", tmp_path / kind, "--as", kind)
        assert ran.status == 0, ran.err
        (written,) = (tmp_path / kind).iterdir()
        if kind == "overlay":
            with Image.open(written) as picture:
                assert picture.size == (160, 120) and picture.format == "JPEG"
        elif kind == "coco":
            document = json.loads(written.read_text())
            (annotation,) = document["annotations"]
            assert _iou(coco.decode(annotation["segmentation"]).astype(bool), _red_mask()) > 0.95
        else:
            rows = list(csv.DictReader(io.StringIO(written.read_text("utf-8-sig"))))
            assert [row["path"] for row in rows] == [str(indexed.photos / "red.png")]


def test_export_of_nothing_likely_writes_nothing(indexed, tmp_path):
    ran = indexed.run("export", "purple", "--to", tmp_path / "out", "--as", "cutout")
    assert ran.status == 1 and "No photo is likely to show 'purple'" in ran.err
    assert not (tmp_path / "out").exists()


def test_export_where_a_file_is_in_the_way(indexed, tmp_path):
    (tmp_path / "file").write_text("mine")
    ran = indexed.run("export", "red", "--to", tmp_path / "file", "--as", "csv")
    assert ran.status == 1 and ran.err.startswith("Error: ") and "in the way" in ran.err
    assert (tmp_path / "file").read_text() == "mine"


def test_check_finds_nothing_wrong(indexed):
    ran = indexed.run("check")
    assert ran.status == 0 and "Store and index agree." in ran.out


def test_reading_along_while_another_holds_the_library(indexed, tmp_path):
    with closing(Library.open(indexed.library, profile=colour_models.profile())):
        found = indexed.run("search", "red", "--limit", 1)
        assert found.status == 0 and "red.png" in found.out and "reading along" in found.err
        assert indexed.run("status", "--json").status == 0
        out = tmp_path / "out"
        assert indexed.run("export", "red", "--to", out, "--as", "csv").status == 0
        refused = indexed.run("index")
        assert refused.status == 1 and refused.err.startswith("Error: ")


def test_an_empty_library_says_what_to_do(tmp_path, run_command):
    library = tmp_path / "library"
    for argv in (("search", "cat"), ("export", "cat", "--to", tmp_path, "--as", "csv")):
        ran = run_command("--library", library, *argv)
        assert ran.status == 1 and ran.out == ""
        assert "no photos yet" in ran.err and "add FOLDER" in ran.err
    assert run_command("--library", library, "index").status == 0
    found = json.loads(run_command("--library", library, "status", "--json").out)
    assert (found["photos"], found["problems"], found["folders"]) == (0, [], [])


def test_added_but_not_indexed_yet(indexed, tmp_path, run_command):
    library = tmp_path / "library"
    ran = run_command("--library", library, "add", tmp_path / "none", indexed.photos)
    assert ran.status == 1 and "Not added: " in ran.err and "4 photos found" in ran.out
    ran = run_command("--library", library, "search", "red")
    assert ran.status == 1 and "No photo is indexed yet" in ran.err and "index" in ran.err


class Interrupting(io.StringIO):
    """Presses Ctrl-C when the first photo is being looked at."""

    def write(self, text: str) -> int:
        if "Looking at photos" in text:
            _thread.interrupt_main()
        return super().write(text)


def test_ctrl_c_stops_indexing_and_the_next_run_finishes(indexed, tmp_path):
    out, err = io.StringIO(), Interrupting()
    library = str(tmp_path / "library")
    profile = colour_models.profile()
    assert cli.run(["--library", library, "add", str(indexed.photos)], profile=profile) == 0
    argv = ["--library", library, "index"]
    assert cli.run(argv, profile=profile, console=Console(out, err)) == 130
    assert out.getvalue() == "" and "Stopped" in err.getvalue()
    assert cli.run(argv, profile=profile, console=Console(out, io.StringIO())) == 0
    assert "3 photos searchable" in out.getvalue()


def test_status_and_search_between_the_passes(tmp_path):
    """As a reader beside the indexer sees it: searchable, and not outlined yet."""
    photos, gate, home = tmp_path / "photos", tmp_path / "gate", tmp_path / "library"
    for i in range(20):
        synthetic_photos.photo(photos / f"{i:02}.jpg", "red", seed=i)
    held = functools.partial(colour_models.load_held_models, gate)
    with closing(Library.open(home, profile=colour_models.profile(analysis=held))) as library:
        library.folders.add(photos)
        job = library.indexing.start()
        while library.status().searchable < 20:
            assert not job.ended
        library._components.store.counts.record_throughput(1, IndexLevel.FULL, 0.5)
        text = run("--library", home, "status").out
        assert "20 photos: 20 searchable (20 of them not outlined yet), 0 to index" in text
        assert "20 photos to become outlined, about 40 s at 0.5 a second" in text
        assert "to become searchable" not in text
        found = json.loads(run("--library", home, "status", "--json").out)
        assert (found["searchable"], found["outlined"]) == (20, 0)
        assert found["full"] == {"waiting": 20, "photos_per_s": 0.5, "seconds_left": 40.0}
        table = run("--library", home, "search", "red").out.splitlines()
        assert len(table) == 21 and all("not outlined yet" in line for line in table[1:])
        gate.touch()
        job.result(60)
        assert "outlined yet" not in run("--library", home, "status").out
