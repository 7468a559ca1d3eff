"""The window with a real library and a language model process, which is killed or stopped."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from desktop_app.bridge.stall_probe import StallProbe
from engine.jobs import CancelToken
from engine.records import RerankerInfo
from engine.reranking import model_process
from engine.reranking.model_selection import ROLE
from engine.tiny_models.vision_language_model import KINDS
from engine.weights.catalogue import Catalogue
from engine.weights.custom_models import custom_entry, register
from engine.weights.model_store import ModelStore
from tests.desktop_app.conftest import DEADLINE_MS
from tests.fakes import tiny_models
from tests.fakes.tiny_models import needs_llama

pytestmark = needs_llama
FROZEN_MS = 1000
"""Longest stall allowed; a window that waited for the process would stall for seconds."""


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a model that answers yes for red photos."""
    folder = tmp_path / "models"
    monkeypatch.setenv("PICKOUT_MODELS", str(folder))
    files = tiny_models.write_fitted(tmp_path / "files", KINDS["qwen2.5-vl"])
    pair = (files.language, files.vision)
    register(folder, Catalogue(()), custom_entry("tiny", ROLE, pair))
    ModelStore(folder).import_files("tiny", pair, CancelToken())


@pytest.fixture
def answers(desktop) -> list:
    """All results that were shown."""
    shown: list = []
    desktop.presenter.searching.updated.connect(lambda query, result: shown.append(result))
    return shown


def pid_of(desktop) -> int | None:
    return desktop.session.library._components.reranker.pid


def verified(desktop, qtbot, answers, words: str):
    """Search with the switch at Verified and return the complete result."""
    bar = desktop.window.search_bar
    if not bar.verify_switch.is_verified:
        bar.verify_switch.toggle()
        qtbot.waitUntil(lambda: desktop.presenter.searching.verify > 0, timeout=DEADLINE_MS)
    answers.clear()
    bar.field.setText(words)
    bar.submitted.emit(words)
    qtbot.waitUntil(lambda: any(a.complete for a in answers), timeout=DEADLINE_MS)
    return answers[-1]


def test_verdicts_of_a_model_come_into_the_grid(desktop, answers, qtbot):
    assert isinstance(desktop.session.library.search.reranker(), RerankerInfo)
    result = verified(desktop, qtbot, answers, "red")
    assert result.looked_at == 6 and all(hit.looked_at for hit in result.hits)
    assert [partial.looked_at for partial in answers] == sorted(p.looked_at for p in answers)
    assert not answers[0].looked_at and answers[0].hits, "hits come before any verdict"
    assert "6 hits" in desktop.presenter.results.second_look_bar.message


@pytest.mark.parametrize("how", ["SIGKILL", "SIGSTOP"])
def test_a_window_whose_model_is_killed_or_stopped_keeps_its_hits_and_goes_on(
    desktop, answers, qtbot, monkeypatch, caplog, how
):
    monkeypatch.setattr(model_process, "UNRESPONSIVE_LIMIT_S", 2.0)
    verified(desktop, qtbot, answers, "red")
    probe = StallProbe()
    probe.start()
    pid = pid_of(desktop)
    os.kill(pid, getattr(signal, how))
    result = verified(desktop, qtbot, answers, "green")
    report = probe.stop()
    assert len(result.hits) == 6 and result.looked_at == 6
    assert answers[0].hits and not any(hit.looked_at for hit in answers[0].hits)
    if how == "SIGSTOP":
        assert any("not responding" in partial.note for partial in answers)
    assert pid_of(desktop) != pid and not Path(f"/proc/{pid}").exists()
    assert report.longest_ms < FROZEN_MS
