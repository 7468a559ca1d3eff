"""demo and the benchmarks, run for real on little."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from engine import cli, paths
from engine.benchmarks.inputs import synthetic_photos
from engine.benchmarks.process_memory import PeakMemory
from engine.commands import demo
from engine.commands.terminal.console import Console
from tests.fakes import colour_models

PROJECT = Path(cli.__file__).resolve().parents[1]


def test_demo_answers_and_writes_pictures(indexed, tmp_path):
    out = io.StringIO()
    console = Console(out, io.StringIO())
    demo.run_demo(tmp_path, indexed.photos, ("red", "blue"), console, colour_models.profile())
    lines = out.getvalue().splitlines()
    assert '"red"' in lines and '"blue"' in lines
    assert lines[-1] == f"The pictures are in {tmp_path / 'pictures'}"
    written = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert written == {
        "red - red - overlay.jpg",
        "red - red - cutout.png",
        "blue - blue - overlay.jpg",
        "blue - blue - cutout.png",
    }


def test_demo_leaves_an_earlier_one_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [demo.create_demo_folder(None).name for _ in range(3)]
    assert names == ["pickout-demo", "pickout-demo-2", "pickout-demo-3"]
    assert demo.create_demo_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()


def test_demo_where_a_file_is_in_the_way(tmp_path, run_command):
    (tmp_path / "file").write_text("mine")
    ran = run_command("demo", "--to", tmp_path / "file")
    assert ran.status == 1 and "--to DIR" in ran.err


@pytest.mark.slow
def test_demo_as_a_program_with_the_built_in_models(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "demo", "--to", tmp_path / "demo"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    for query in demo.QUERIES:
        assert f'"{query}"' in done.stdout
    pictures = tmp_path / "demo" / "pictures"
    assert len(list(pictures.glob("*overlay.jpg"))) >= len(demo.QUERIES)


def test_bench_query_on_a_library(indexed, tmp_path):
    ran = indexed.run("bench", "query", "--json", tmp_path / "query.json")
    assert ran.status == 0 and "p50" in ran.out and "p95" in ran.out
    figures = json.loads((tmp_path / "query.json").read_text())
    assert figures["queries"] >= 50 and figures["photos"] == 3 and figures["regions"] == 3
    assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["max_ms"]
    assert set(figures["plans_ms"]) == set(figures["plans_ratio"]) == {"1", "3", "5"}
    assert figures["plans_ratio"]["1"] == 1.0 and min(figures["plans_ms"].values()) > 0
    assert "plan of 5 parts: median" in ran.out


def test_bench_query_makes_a_library_if_none_is_given(run_command):
    ran = run_command("bench", "query", "--photos", "2")
    assert ran.status == 0 and "2 photos" in ran.out


def test_bench_index(indexed, tmp_path, run_command):
    out = tmp_path / "index.json"
    ran = run_command("bench", "index", "--folder", indexed.photos, "--json", out)
    assert ran.status == 0 and "photos a second" in ran.out
    figures = json.loads(out.read_text())
    assert (figures["photos"], figures["problems"], figures["regions"]) == (3, 1, 3)
    assert figures["photos_per_s"] == pytest.approx(3 / figures["seconds"])
    assert figures["coarse_photos_per_s"] is None, "three photos are looked at in full at once"
    assert "no such pass" in ran.out


@pytest.mark.slow
def test_bench_index_makes_photos_as_cameras_do(tmp_path, run_command):
    out = tmp_path / "index.json"
    ran = run_command("bench", "index", "--photos", "18", "--json", out)
    assert ran.status == 0, ran.err
    figures = json.loads(out.read_text())
    assert (figures["photos"], figures["large_photos"], figures["problems"]) == (18, 9, 0)
    assert figures["coarse_photos_per_s"] > 0 and figures["full_photos_per_s"] > 0
    assert 0 < figures["all_searchable_after_s"] <= figures["seconds"]
    assert "become searchable" in ran.out and "are outlined" in ran.out


def test_camera_like_photos_have_the_size_of_camera_photos(tmp_path):
    synthetic_photos.write_camera_like_photos(tmp_path, 2)
    large, small = sorted(tmp_path.iterdir())
    with Image.open(large) as image:
        assert 10e6 < image.width * image.height < 17e6
    with Image.open(small) as image:
        assert image.width * image.height < 3e6
    assert 1.5e6 < large.stat().st_size < 12e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc")
def test_peak_memory_is_that_of_children_too():
    script = "import time; block = bytearray(200 << 20); print('ready', flush=True); input()"
    with PeakMemory() as alone:
        pass
    with (
        PeakMemory() as memory,
        subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child,
    ):
        assert child.stdout.readline() == b"ready\n"
        while (memory.peak_bytes or 0) < alone.peak_bytes + (200 << 20):
            assert child.poll() is None
        child.stdin.write(b"\n")
    assert alone.peak_bytes > 5 << 20


def test_bench_vectors(tmp_path, run_command):
    out = tmp_path / "vectors.json"
    ran = run_command("bench", "vectors", "--sizes", "500", "21000", "--json", out)
    assert ran.status == 0, ran.err
    small, sealed = json.loads(out.read_text())["sizes"]
    assert (small["shards"], small["recall_at_10"]) == (0, 1.0)
    assert sealed["shards"] == 1 and sealed["recall_at_10"] > 0.9


def test_figures_that_cannot_be_written(tmp_path, run_command):
    ran = run_command("bench", "vectors", "--sizes", "10", "--json", tmp_path / "no" / "x.json")
    assert ran.status == 1 and "could not be written" in ran.err


def test_the_samples_of_the_demo_are_shipped():
    assert len(list((paths.resources_dir() / "samples").glob("*.jpg"))) >= 12
