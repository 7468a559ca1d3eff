"""demo and the benchmarks, run for real on little."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine import cli, paths
from engine.commands import demo
from engine.commands.console import Console
from tests.fakes import colour_models

PROJECT = Path(cli.__file__).resolve().parents[1]


def test_demo_answers_and_writes_pictures(shelf, tmp_path):
    out = io.StringIO()
    console = Console(out, io.StringIO())
    demo.perform(tmp_path, shelf.photos, ("red", "blue"), console, colour_models.profile())
    said = out.getvalue().splitlines()
    assert '"red"' in said and '"blue"' in said
    assert said[-1] == f"The pictures are in {tmp_path / 'pictures'}"
    written = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert written == {
        "red - red - overlay.jpg",
        "red - red - cutout.png",
        "blue - blue - overlay.jpg",
        "blue - blue - cutout.png",
    }


def test_demo_leaves_an_earlier_one_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = [demo.make_home(None).name for _ in range(3)]
    assert made == ["pickout-demo", "pickout-demo-2", "pickout-demo-3"]
    assert demo.make_home(tmp_path / "a" / "b") == tmp_path / "a" / "b"
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


def test_bench_query_on_a_library(shelf, tmp_path):
    ran = shelf.run("bench", "query", "--json", tmp_path / "query.json")
    assert ran.status == 0 and "p50" in ran.out and "p95" in ran.out
    figures = json.loads((tmp_path / "query.json").read_text())
    assert figures["queries"] >= 50 and figures["photos"] == 3 and figures["regions"] == 3
    assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["max_ms"]


def test_bench_query_makes_a_library_if_none_is_given(run_command):
    ran = run_command("bench", "query", "--photos", "2")
    assert ran.status == 0 and "2 photos" in ran.out


def test_bench_index(shelf, tmp_path, run_command):
    out = tmp_path / "index.json"
    ran = run_command("bench", "index", "--folder", shelf.photos, "--json", out)
    assert ran.status == 0 and "photos a second" in ran.out
    figures = json.loads(out.read_text())
    assert (figures["photos"], figures["problems"], figures["regions"]) == (3, 1, 3)
    assert figures["photos_per_s"] == pytest.approx(3 / figures["seconds"])
    if figures["peak_rss_mb_parent"] is not None:
        assert min(figures["peak_rss_mb_parent"], figures["peak_rss_mb_largest_child"]) > 5


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
