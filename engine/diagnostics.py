"""Diagnostics for problem reports: versions, devices, models, disk space, a measured rate."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from engine import paths
from engine import settings as settings_file
from engine.benchmarks import indexing
from engine.benchmarks.benchmark import BenchRequest
from engine.errors import EngineError
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs.cancel import CancelToken
from engine.jobs.machine import usable_cores
from engine.reranking import calibration
from engine.reranking import model_selection as language_models
from engine.weights.device import NAMES, choose_device
from engine.weights.model_store import ModelStore

PACKAGES = {
    "pickout": "",
    "PySide6_Essentials": "the window",
    "numpy": "",
    "opencv-python-headless": "",
    "pillow": "",
    "onnxruntime": "the starter models",
    "torch": "the full models",
    "sam2": "the full models; add it with the extra called full",
    "open_clip_torch": "the full models",
    "usearch": "",
    "watchdog": "",
    "ray": "indexing on Ray; add it with the extra called ray",
    "llama_cpp_python": "the second look; add it with packaging/run.py --with-mllm",
}
"""Distribution name -> what it is for, if Pickout works without it; empty if it is required."""
SAMPLE_COUNT = 8
_WAL_FIXED_IN = (3, 51, 3)
_RUNNER_TIME_S = 120
_RUNNER_PROBE = "import llama_cpp; print('card:', llama_cpp.llama_supports_gpu_offload())"
_RUNNER_TEXTS = {
    True: "it can use a graphics card",
    False: "it was built for the processor only",
    None: "it cannot be loaded; build it again with: python3 packaging/run.py --with-mllm",
}


@dataclass(frozen=True)
class DiagnosticSection:
    """Result of one check.

    Attributes:
        figures: values for the JSON output.
        lines: text for people.
        fine: False if a problem keeps Pickout, or a part of it, from working.
    """

    title: str
    figures: Mapping[str, Any]
    lines: tuple[str, ...]
    fine: bool = True


def sections(
    library_root: Path, listener: ProgressListener, verify: bool
) -> list[DiagnosticSection]:
    """All sections; one that fails says why and the others go on.

    Args:
        verify: read every byte of installed models again.
    """
    checks: dict[str, Callable[[], DiagnosticSection]] = {
        "versions": versions,
        "devices": devices,
        "models": lambda: models(ModelStore(), verify),
        "second look": lambda: second_look(ModelStore(), library_root),
        "disk": lambda: disk(library_root),
        "rate": lambda: rate(listener),
    }
    return [_run_check(title, check) for title, check in checks.items()]


def _run_check(title: str, check: Callable[[], DiagnosticSection]) -> DiagnosticSection:
    try:
        return check()
    except Exception as error:
        text = f"{type(error).__name__}: {error}" if not isinstance(error, EngineError) else error
        return DiagnosticSection(title, {"error": str(text)}, (str(text),), fine=False)


def versions() -> DiagnosticSection:
    """Versions of Pickout, Python, the system, SQLite and the required packages."""
    found: dict[str, str | None] = {}
    lines = [f"Python {platform.python_version()} on {platform.platform()}"]
    fine = True
    for name, purpose in PACKAGES.items():
        try:
            found[name] = metadata.version(name)
            lines.append(f"{name} {found[name]}")
        except metadata.PackageNotFoundError:
            found[name] = None
            lines.append(f"{name} is not installed{f' ({purpose})' if purpose else ''}")
            fine = fine and bool(purpose)
    mended = sqlite3.sqlite_version_info >= _WAL_FIXED_IN
    remark = "" if mended else ", whose log may break with two writers; Pickout has only one"
    lines.append(f"SQLite {sqlite3.sqlite_version}{remark}")
    figures = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": found,
        "sqlite": sqlite3.sqlite_version,
        "sqlite_wal_mended": mended,
    }
    return DiagnosticSection("versions", figures, tuple(lines), fine)


def devices() -> DiagnosticSection:
    """The devices that torch can use, and the one that models would run on."""
    import torch  # noqa: F401 - without torch there is no device to choose

    available: dict[str, str | None] = {}
    lines = []
    for name in NAMES[1:]:
        try:
            available[name] = choose_device(name).text
        except EngineError:
            available[name] = None
        lines.append(f"{name}: {available[name] or 'not there'}")
    chosen = choose_device()
    cores = usable_cores()
    lines.append(f"full models run on: {chosen.text}; starter models on the processor")
    lines.append(f"processor cores: {cores}")
    return DiagnosticSection(
        "devices", {**available, "chosen": chosen.name, "cores": cores}, tuple(lines)
    )


def models(model_store: ModelStore, verify: bool) -> DiagnosticSection:
    """The installed models; with ``verify``, whether their files are unchanged."""
    figures, lines, fine = {}, ["starter: built in"], True
    for model in model_store.installed():
        state = "complete"
        if verify:
            try:
                model_store.verify(model.entry.name, CancelToken())
                state = "every byte verified"
            except EngineError as error:
                state, fine = str(error), False
        figures[model.entry.name] = state
        lines.append(f"{model.entry.name}: {state}")
    if not figures:
        lines.append("no others are installed (pickout-cli models list)")
    return DiagnosticSection(
        "models", {"installed": figures, "folder": str(model_store.root)}, tuple(lines), fine
    )


def second_look(model_store: ModelStore, library_root: Path) -> DiagnosticSection:
    """The llama.cpp package and the language model that would be used.

    No model is fine; a broken one is a problem.
    """
    figures: dict[str, Any] = {"runner": None, "graphics_card": None, "model": None}
    lines, fine = [], True
    try:
        figures["runner"] = metadata.version("llama_cpp_python")
        figures["graphics_card"] = _runner_uses_card()
        lines.append(
            f"llama-cpp-python {figures['runner']}: {_RUNNER_TEXTS[figures['graphics_card']]}"
        )
    except metadata.PackageNotFoundError:
        lines.append(
            "llama-cpp-python is not installed; add it with: python3 packaging/run.py --with-mllm"
        )
    for model in model_store.installed():
        if model.entry.role == language_models.ROLE:
            try:
                calibration.load(language_models.from_installed(model).folder)
            except EngineError as error:
                lines.append(f"{model.entry.name}: {error}")
                fine = False
    if fine:
        figures |= _chosen_model(model_store, library_root, lines)
    return DiagnosticSection("second look", figures, tuple(lines), fine)


def _chosen_model(model_store: ModelStore, library_root: Path, lines: list[str]) -> dict[str, Any]:
    """The figures of the language model that would be used; appends its text to ``lines``."""
    settings, _ = settings_file.load(paths.LibraryPaths(library_root).settings)
    try:
        chosen = language_models.choose(model_store, settings.second_look_model)
    except EngineError as error:
        lines.append(f"no language model takes it: {error.message} {error.hint or ''}".rstrip())
        return {}
    measured = calibration.load(chosen.folder).measured
    does = "points with boxes" if chosen.gives_boxes else "answers yes and no only"
    state = "calibrated" if measured else "not calibrated on photos with known answers"
    lines.append(f"{chosen.name} would be used ({chosen.family.name}): {does}, {state}")
    return {"model": chosen.name, "family": chosen.family.name, "calibrated": measured}


def _runner_uses_card() -> bool | None:
    """Whether llama.cpp was built for a graphics card; None if it cannot be loaded.

    Checked in another process, because a native library may crash.
    """
    try:
        ended = subprocess.run(
            [sys.executable, "-c", _RUNNER_PROBE],
            capture_output=True,
            text=True,
            timeout=_RUNNER_TIME_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if ended.returncode != 0 or "card:" not in ended.stdout:
        return None
    return "card: True" in ended.stdout


def disk(library_root: Path) -> DiagnosticSection:
    """Free space on the disks of the library and of the models."""
    figures: dict[str, dict[str, str | int]] = {}
    lines = []
    fine = True
    for name, folder in (("library", library_root), ("models", paths.models_dir())):
        free = shutil.disk_usage(_existing(folder)).free
        figures[name] = {"folder": str(folder), "free_bytes": free}
        lines.append(f"{name}: {folder}, {free / 1e9:.1f} GB free")
        fine = fine and free > 1e9
    return DiagnosticSection("disk", figures, tuple(lines), fine)


def rate(listener: ProgressListener) -> DiagnosticSection:
    """Photos a second of the starter models, measured now on a few sample photos."""
    samples = sorted((paths.resources_dir() / "samples").glob("*.jpg"))[:SAMPLE_COUNT]
    with tempfile.TemporaryDirectory(prefix="pickout-doctor-") as folder:
        for sample in samples:
            shutil.copy(sample, folder)
        measured = indexing.measure(BenchRequest(folder=Path(folder)), listener).figures
    lines = (
        f"{measured['photos']} sample photos in {measured['seconds']:.1f} s, loading included",
        f"{measured['full_photos_per_s'] or measured['photos_per_s']:.2f} photos a second",
    )
    return DiagnosticSection("rate", dict(measured), lines, fine=measured["problems"] == 0)


def _existing(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    return next(parent for parent in (folder, *folder.parents) if parent.exists())
