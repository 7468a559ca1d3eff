"""The process that runs a language model: time, memory, and how soon it is let go of."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
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

LOOKS = 300
CANCELS = 10
TINY = "tiny"
_QUERIES = ("a dog", "a red umbrella left of a bench", "eine Katze", "something blue")


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """With the installed model that this computer would use; without one, with a tiny one of
    random numbers, whose times mean little, but whose process is the real one.

    ``request.photos`` is the number of looks, 300 if not given.

    Raises:
        RerankerUnavailable: llama-cpp-python is not installed, or the model does not run.
        EngineError: a look failed.
    """
    looks = request.photos or LOOKS
    with tempfile.TemporaryDirectory(prefix="pickout-worker-") as temporary:
        folder = Path(temporary)
        log_path, model_store = folder / "worker.log", _model_store(folder)
        look = MllmReranker(Settings, log_path, RecordingAnswerCache(), model_store)
        try:
            figures = _measured(look, looks, listener)
        finally:
            look.close()
    return BenchResult(tuple(_lines(figures)), figures)


def _model_store(folder: Path) -> ModelStore:
    """This computer's models, or one with a tiny model."""
    model_store = ModelStore()
    return model_store if model_selection.installed(model_store) else make_tiny_model_store(folder)


def make_tiny_model_store(folder: Path) -> ModelStore:
    """A shelf in ``folder`` whose only model, ``TINY``, is made of random numbers."""
    files = vision_language_model.write(folder / "files")
    pair = (files.language, files.vision)
    model_store = ModelStore(
        folder / "models", Catalogue((custom_entry(TINY, model_selection.ROLE, pair),))
    )
    model_store.import_files(TINY, pair, CancelToken())
    return model_store


def _measured(look: MllmReranker, looks: int, listener: ProgressListener) -> dict[str, Any]:
    info = look.info()
    verifier = look.verifier(JobContext(CancelToken()), lambda words: None)
    candidates = _candidates()
    started_s = time.perf_counter()
    verifier.verify(_QUERIES[0], candidates[0], CancelToken())
    first_s = time.perf_counter() - started_s
    seconds, memory, pids, lost = [], [], {look.pid}, 0
    for done in range(looks):
        listener.report(Progress("Looking", done, looks))
        started_s = time.perf_counter()
        try:
            verifier.verify(
                f"{_QUERIES[done % len(_QUERIES)]} {done}",
                candidates[done % len(candidates)],
                CancelToken(),
            )
        except EngineError:
            lost += 1
        seconds.append(time.perf_counter() - started_s)
        pids.add(look.pid)
        memory.append(_memory_bytes(look.pid))
    level = next((bytes_ for bytes_ in memory[1:] if bytes_), 0)
    figures = {
        "bench": "worker",
        "model": info.name,
        "where": info.where,
        "looks": looks,
        "lost": lost,
        "first_s": first_s,
        "look_s_p50": float(np.percentile(seconds, 50)),
        "look_s_p95": float(np.percentile(seconds, 95)),
        "memory_bytes": max(memory),
        "memory_growth_bytes": max(memory[1:], default=level) - level,
        "processes": len(pids - {None}),
    }
    listener.report(Progress("Changing one's mind"))
    figures |= _letting_go(look, verifier, candidates, figures["look_s_p50"])
    if hasattr(signal, "SIGSTOP"):
        listener.report(Progress("Killing and stopping it"))
        figures |= _violence(look, candidates)
    return figures


def _letting_go(
    look: MllmReranker,
    verifier: MllmVerifier,
    candidates: Sequence[Candidate],
    usual_s: float,
) -> dict[str, Any]:
    """Cancel at different moments of a look; how long its caller is held, and how long the next
    look takes longer than usual."""
    freed_s, next_s, pid = [], [], look.pid
    for turn in range(CANCELS):
        token = CancelToken()
        timer = threading.Timer(usual_s * turn / CANCELS, token.cancel)
        timer.start()
        started_s = time.perf_counter()
        try:
            verifier.verify(f"cancelled {turn}", candidates[0], token)
        except Cancelled:
            freed_s.append(time.perf_counter() - started_s - usual_s * turn / CANCELS)
        timer.join()
        started_s = time.perf_counter()
        verifier.verify(f"next {turn}", candidates[1], CancelToken())
        next_s.append(time.perf_counter() - started_s)
    return {
        "cancelled": len(freed_s),
        "cancel_held_s_max": max(freed_s, default=0.0),
        "look_after_cancel_s_max": max(next_s),
        "process_kept": look.pid == pid,
    }


def _violence(look: MllmReranker, candidates: Sequence[Candidate]) -> dict[str, Any]:
    """Kill the process before a look; then stop it, until that is noticed."""
    said: list[float] = []
    verifier = look.verifier(
        JobContext(CancelToken()),
        lambda words: said.append(time.perf_counter()) if "not responding" in words else None,
    )
    os.kill(look.pid, signal.SIGKILL)
    started_s = time.perf_counter()
    verifier.verify("after a kill", candidates[0], CancelToken())
    after_kill_s = time.perf_counter() - started_s
    pid = look.pid
    timer = threading.Timer(3.0, os.kill, (pid, signal.SIGCONT))
    os.kill(pid, signal.SIGSTOP)
    timer.start()
    started_s = time.perf_counter()
    verifier.verify("while stopped", candidates[0], CancelToken())
    timer.join()
    noticed_s = said[0] - started_s if said else None
    return {"answer_after_kill_s": after_kill_s, "stop_noticed_s": noticed_s}


def _candidates() -> list[Candidate]:
    """The sample photos as a search would hand them over, without regions."""
    found = []
    for number, path in enumerate(sorted((resources_dir() / "samples").glob("*.jpg"))[:8], 1):
        rgb = read_upright(path, 896).rgb
        photo = Photo(PhotoId(number), path, (rgb.shape[1], rgb.shape[0]))
        nothing = np.zeros((0, 1), np.float32)
        found.append(
            Candidate(
                photo=photo,
                regions=(),
                region_scores=nothing[:, 0],
                whole_score=0.0,
                region_vectors=nothing,
                whole_vector=np.zeros(1, np.float32),
                best=None,
                stage_one_score=0.0,
                read_rgb=lambda longest_px, rgb=rgb: rgb,
            )
        )
    return found


def _memory_bytes(pid: int | None) -> int:
    """0 while there is no process."""
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
