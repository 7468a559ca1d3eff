"""Garbage is collected on the GUI thread only."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from desktop_app.bridge.garbage_collector import GuiThreadGarbageCollector


class Node:
    """An object that only the cyclic collector frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector(qtbot) -> Iterator[GuiThreadGarbageCollector]:
    collector = GuiThreadGarbageCollector()
    collector.start()
    yield collector
    collector.stop()


def on_worker(work) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_worker_thread_never_frees_garbage_of_the_gui_thread(collector, qtbot):
    freed_by: list[threading.Thread] = []
    node = Node()
    weakref.finalize(node, lambda: freed_by.append(threading.current_thread()))
    del node
    # Enough new objects to start a collection of every generation, if collection were automatic.
    on_worker(lambda: [Node() for _ in range(100_000)])
    assert freed_by == []
    qtbot.waitUntil(lambda: bool(freed_by), timeout=20_000)
    assert freed_by == [threading.main_thread()]


def test_nothing_is_collected_before_there_is_enough(collector):
    gc.collect()
    gc.freeze()
    alive = weakref.ref(Node())
    collector.collect_due()
    assert alive() is not None
    gc.unfreeze()


def test_automatic_collection_comes_back(collector):
    assert not gc.isenabled()
    collector.stop()
    assert gc.isenabled()
