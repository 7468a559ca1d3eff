"""Values are loaded on request, the newest request first, and kept within a budget."""

from __future__ import annotations

import threading

import pytest

from desktop_app.bridge.lazy_cache import LazyCache
from engine.errors import PhotoMissing
from tests.desktop_app.conftest import DEADLINE_MS, delete


@pytest.fixture
def make_cache(main_thread):
    caches = []

    def create(load, **options) -> LazyCache:
        options.setdefault("budget", 1_000_000)
        cache = LazyCache(main_thread, "test", load, **options)
        caches.append(cache)
        return cache

    yield create
    for cache in caches:
        cache.stop()
        assert cache.join(5)
        delete(cache)


def test_a_value_is_loaded_once_and_then_cached(make_cache, qtbot):
    calls = []
    cache = make_cache(lambda key: calls.append(key) or key * 2)
    with qtbot.waitSignal(cache.ready, timeout=DEADLINE_MS) as ready:
        assert cache.get(21) is None
        assert cache.get(21) is None
    assert ready.args == [[21]]
    assert cache.get(21) == 42
    assert calls == [21]


def test_the_newest_request_is_served_first_and_the_oldest_are_dropped(make_cache, qtbot):
    begun, release, order = threading.Event(), threading.Event(), []

    def load(key):
        if key == "busy":
            begun.set()
            release.wait(20)
        order.append(key)
        return key

    cache = make_cache(load, queue_limit=3)
    cache.get("busy")
    assert begun.wait(20)
    for key in range(10):
        cache.get(key)
    assert cache.waiting_requests == 3
    release.set()
    qtbot.waitUntil(lambda: len(order) == 4, timeout=DEADLINE_MS)
    assert order == ["busy", 9, 8, 7]
    qtbot.waitUntil(lambda: cache.get(9) == 9, timeout=DEADLINE_MS)
    assert cache.get(2) is None, "dropped, but may be requested again"
    qtbot.waitUntil(lambda: cache.get(2) == 2, timeout=DEADLINE_MS)


def test_the_least_recently_used_are_removed(make_cache, qtbot):
    cache = make_cache(lambda key: key, cost=lambda value: 400, budget=1000)
    for key in ("a", "b", "c"):
        with qtbot.waitSignal(cache.ready, timeout=DEADLINE_MS):
            cache.get(key)
    assert cache.used_bytes <= 1000
    assert cache.get("c") == "c" and cache.get("b") == "b"
    assert cache.get("a") is None


def test_a_value_that_cannot_be_loaded_is_known_to_be_missing(make_cache, qtbot):
    def load(key):
        raise PhotoMissing("gone", operation="reading")

    cache = make_cache(load)
    with qtbot.waitSignal(cache.ready, timeout=DEADLINE_MS):
        cache.get(1)
    assert cache.get(1) is None and cache.known_missing(1)
    cache.remove([1])
    assert not cache.known_missing(1)
