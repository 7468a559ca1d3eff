"""A corpus of odd and bad files: none ends the decoder, each is shown or has a reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from engine.decode.process import serve_photos
from engine.decode.reader import DecodedPhoto
from engine.errors import PhotoTooLarge, PhotoUnreadable
from engine.jobs.worker_process import WorkerProcess
from engine.library import Library
from tests.fakes import synthetic_photos
from tests.fakes.odd_files import Outcome, scene, write_corpus

from .conftest import PATIENCE_S

MOST_SECONDS = 10.0
MOST_BYTES = 2 << 30
CORNERS = [(0.2, 0.2), (0.2, 0.8), (0.8, 0.2), (0.8, 0.8)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Outcome]]:
    folder = tmp_path_factory.mktemp("odd files")
    return folder, write_corpus(folder)


def corners(rgb: np.ndarray) -> np.ndarray:
    """The colours in the middle of the four quarters: int (4, 3)."""
    height, width = rgb.shape[:2]
    return np.array([rgb[int(y * height), int(x * width)] for y, x in CORNERS]).astype(int)


def fault_of(photo: DecodedPhoto, outcome: Outcome) -> str:
    """Why a photo is not what it must be; empty if it is."""
    if outcome is Outcome.REFUSED:
        return f"was read as {photo.rgb.shape}"
    if outcome in (Outcome.SHOWN, Outcome.GREY):
        expected = corners(scene())
        if outcome is Outcome.GREY:
            expected = (expected @ (0.299, 0.587, 0.114))[:, None].repeat(3, axis=1)
        if np.abs(corners(photo.rgb) - expected).max() > 40:
            return f"shows {corners(photo.rgb).tolist()}"
    return ""


@pytest.mark.long
def test_each_file_is_shown_or_refused_by_the_same_decoder(corpus) -> None:
    folder, outcomes = corpus
    assert len(outcomes) >= 300
    decoder = WorkerProcess(
        "photo decoder",
        serve_photos,
        time_limit_s=MOST_SECONDS,
        threads=1,
        memory_limit_bytes=MOST_BYTES,
    )
    decoder.start(wait=True)
    pid, faults, counts = decoder.pid, {}, Counter()
    try:
        for name, outcome in outcomes.items():
            path = folder / name
            try:
                photo = decoder.call((path, 1024), path=path)
                fault = fault_of(photo, outcome)
                counts["shown"] += 1
            except (PhotoUnreadable, PhotoTooLarge) as error:
                complete = error.message and error.hint and error.path == path
                refusable = outcome in (Outcome.REFUSED, Outcome.EITHER)
                fault = "" if complete and refusable else f"was refused: {error}"
                counts[error.kind] += 1
            except Exception as error:  # a crash, a hang or a limit
                fault = f"ended the decoder: {error!r}"
            if fault:
                faults[name] = fault
        assert faults == {}
        assert decoder.pid == pid, "one process has read them all"
    finally:
        decoder.close()
    print(f"{len(outcomes)} files: {dict(counts)}")


@pytest.mark.long
def test_a_library_lists_each_file_or_finds_it(library: Library, corpus) -> None:
    folder, outcomes = corpus
    for path in folder.iterdir():
        synthetic_photos.aged(path, 100)
    library.folders.add(folder)
    status = library.indexing.start().result(5 * PATIENCE_S)
    problems = {problem.path.name: problem for problem in library.indexing.problems()}
    assert status.pending == 0
    assert status.searchable + status.problems == len(outcomes), (
        status,
        len(outcomes),
        len(problems),
    )
    assert all(problem.message and problem.kind for problem in problems.values())
    refused = {name for name, outcome in outcomes.items() if outcome is Outcome.REFUSED}
    assert refused <= set(problems)
    good = {name for name, outcome in outcomes.items() if outcome in (Outcome.SHOWN, Outcome.GREY)}
    assert not good & set(problems)
