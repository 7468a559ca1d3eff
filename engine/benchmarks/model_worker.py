"""The process of the language model: time and memory a request, cancelling, and faults."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.benchmarks.process_memory import resident_bytes
from engine.decode.reader import read_upright
from engine.errors import Cancelled, EngineError
from engine.evaluation.annotated_search import ProgressListener
from engine.evaluation.recording_reranker import RecordingAnswerCache
from engine.jobs import CancelToken, JobContext, Progress
from engine.paths import resources_dir
from engine.records import Photo, PhotoId
from engine.reranking import model_selection
from engine.reranking.mllm_reranker import MllmReranker
from engine.reranking.mllm_verifier import MllmVerifier
from engine.scoring.verifier import Candidate
from engine.settings import Settings
from engine.tiny_models import vision_language_model
from engine.weights.catalogue import Catalogue
from engine.weights.custom_models import custom_entry
from engine.weights.model_store import ModelStore

REQUESTS = 300
CANCELS = 10
"""Requests that are cancelled, each a tenth of a request later than the one before."""
TINY = "tiny"
"""Name of the tiny model."""
_QUERIES = ("a dog", "a red umbrella left of a bench", "eine Katze", "something blue")


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Measure the installed model that the product would choose, or a tiny one with random weights.

    The times of the tiny model mean little, but its process is the product's. ``request.photos`` is
    the number of requests; 300 if not given.

    Raises:
        RerankerUnavailable: llama-cpp-python is not installed, or the model does not run.
        EngineError: a request failed where that must not happen.
    """
    requests = request.photos or REQUESTS
    with tempfile.TemporaryDirectory(prefix="pickout-worker-") as temporary:
        folder = Path(temporary)
        log_path, model_store = folder / "worker.log", _model_store(folder)
        reranker = MllmReranker(Settings, log_path, RecordingAnswerCache(), model_store)
        try:
            figures = _figures(reranker, requests, listener)
        finally:
            reranker.close()
    return BenchResult(tuple(_lines(figures)), figures)


def _model_store(folder: Path) -> ModelStore:
    """The store of this computer if it has a language model, else one with a tiny model."""
    model_store = ModelStore()
    return model_store if model_selection.installed(model_store) else make_tiny_model_store(folder)


def make_tiny_model_store(folder: Path) -> ModelStore:
    """A model store in ``folder`` with one model, ``TINY``, which has random weights."""
    files = vision_language_model.write(folder / "files")
    pair = (files.language, files.vision)
    model_store = ModelStore(
        folder / "models", Catalogue((custom_entry(TINY, model_selection.ROLE, pair),))
    )
    model_store.import_files(TINY, pair, CancelToken())
    return model_store


def _figures(reranker: MllmReranker, requests: int, listener: ProgressListener) -> dict[str, Any]:
    info = reranker.info()
    verifier = reranker.verifier(JobContext(CancelToken()), lambda note: None)
    candidates = _candidates()
    started_s = time.perf_counter()
    verifier.verify(_QUERIES[0], candidates[0], CancelToken())
    first_s = time.perf_counter() - started_s
    seconds: list[float] = []
    memory: list[int] = []
    pids, failed = {reranker.pid}, 0
    for done in range(requests):
        listener.report(Progress("Looking", done, requests))
        started_s = time.perf_counter()
        try:
            verifier.verify(
                f"{_QUERIES[done % len(_QUERIES)]} {done}",
                candidates[done % len(candidates)],
                CancelToken(),
            )
        except EngineError:
            failed += 1
        seconds.append(time.perf_counter() - started_s)
        pids.add(reranker.pid)
        memory.append(_memory_bytes(reranker.pid))
    baseline = next((bytes_ for bytes_ in memory[1:] if bytes_), 0)
    figures: dict[str, Any] = {
        "bench": "worker",
        "model": info.name,
        "where": info.where,
        "looks": requests,
        "lost": failed,
        "first_s": first_s,
        "look_s_p50": float(np.percentile(seconds, 50)),
        "look_s_p95": float(np.percentile(seconds, 95)),
        "memory_bytes": max(memory),
        "memory_growth_bytes": max(memory[1:], default=baseline) - baseline,
        "processes": len(pids - {None}),
    }
    listener.report(Progress("Changing one's mind"))
    figures |= _cancelling_figures(reranker, verifier, candidates, figures["look_s_p50"])
    if hasattr(signal, "SIGSTOP"):
        listener.report(Progress("Killing and stopping it"))
        figures |= _fault_figures(reranker, candidates)
    return figures


def _cancelling_figures(
    reranker: MllmReranker,
    verifier: MllmVerifier,
    candidates: Sequence[Candidate],
    usual_s: float,
) -> dict[str, Any]:
    """Cancel requests at different moments.

    Measures how long the caller still waits, and how long the next request takes.

    Args:
        usual_s: median duration of a request.
    """
    held_s, next_s, pid = [], [], reranker.pid
    for turn in range(CANCELS):
        token = CancelToken()
        timer = threading.Timer(usual_s * turn / CANCELS, token.cancel)
        timer.start()
        started_s = time.perf_counter()
        try:
            verifier.verify(f"cancelled {turn}", candidates[0], token)
        except Cancelled:
            held_s.append(time.perf_counter() - started_s - usual_s * turn / CANCELS)
        timer.join()
        started_s = time.perf_counter()
        verifier.verify(f"next {turn}", candidates[1], CancelToken())
        next_s.append(time.perf_counter() - started_s)
    return {
        "cancelled": len(held_s),
        "cancel_held_s_max": max(held_s, default=0.0),
        "look_after_cancel_s_max": max(next_s),
        "process_kept": reranker.pid == pid,
    }


def _fault_figures(reranker: MllmReranker, candidates: Sequence[Candidate]) -> dict[str, Any]:
    """Kill the process before a request; then stop it for 3 s during one, with SIGSTOP.

    Measures the time to the next answer, and the time until the stop is noticed (None if it was
    not)."""
    noticed_at_s: list[float] = []

    def set_note(note: str) -> None:
        if "not responding" in note:
            noticed_at_s.append(time.perf_counter())

    verifier = reranker.verifier(JobContext(CancelToken()), set_note)
    pid = reranker.pid
    assert pid is not None  # it has just answered
    os.kill(pid, signal.SIGKILL)
    started_s = time.perf_counter()
    verifier.verify("after a kill", candidates[0], CancelToken())
    after_kill_s = time.perf_counter() - started_s
    pid = reranker.pid
    assert pid is not None  # it has just answered
    timer = threading.Timer(3.0, os.kill, (pid, signal.SIGCONT))
    os.kill(pid, signal.SIGSTOP)
    timer.start()
    started_s = time.perf_counter()
    verifier.verify("while stopped", candidates[0], CancelToken())
    timer.join()
    noticed_s = noticed_at_s[0] - started_s if noticed_at_s else None
    return {"answer_after_kill_s": after_kill_s, "stop_noticed_s": noticed_s}


def _candidates() -> list[Candidate]:
    """The first 8 sample photos as candidates without regions."""
    found = []
    for number, path in enumerate(sorted((resources_dir() / "samples").glob("*.jpg"))[:8], 1):
        rgb = read_upright(path, 896).rgb
        photo = Photo(PhotoId(number), path, (rgb.shape[1], rgb.shape[0]))
        found.append(
            Candidate(
                photo=photo,
                regions=(),
                region_scores=np.zeros(0, np.float32),
                read_rgb=_reader_of(rgb),
            )
        )
    return found


def _reader_of(rgb: np.ndarray) -> Callable[[int], np.ndarray]:
    """Returns the pixels whatever size is asked for."""
    return lambda longest_px: rgb


def _memory_bytes(pid: int | None) -> int:
    """Resident memory of the process; 0 if there is none."""
    import psutil

    if pid is None or not psutil.pid_exists(pid):
        return 0
    return resident_bytes(psutil.Process(pid))


def _lines(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{figures['model']} on: {figures['where']}"
    yield (
        f"{figures['looks']} looks, {figures['lost']} without an answer: "
        f"p50 {figures['look_s_p50']:.2f} s, p95 {figures['look_s_p95']:.2f} s; the first one, "
        f"loading included, {figures['first_s']:.1f} s"
    )
    yield (
        f"memory {figures['memory_bytes'] / 1e6:.0f} MB, "
        f"{figures['memory_growth_bytes'] / 1e6:.1f} MB more than after the second look; "
        f"processes used: {figures['processes']}"
    )
    yield (
        f"cancelled {figures['cancelled']} times: its caller waits "
        f"{1000 * figures['cancel_held_s_max']:.0f} ms at most, the look after it takes "
        f"{figures['look_after_cancel_s_max']:.2f} s at most, "
        f"{'the same process goes on' if figures['process_kept'] else 'the process was replaced'}"
    )
    if figures.get("answer_after_kill_s") is not None:
        yield f"killed: the next answer comes after {figures['answer_after_kill_s']:.1f} s"
    if figures.get("stop_noticed_s") is not None:
        yield f"stopped: noticed after {figures['stop_noticed_s']:.2f} s"
