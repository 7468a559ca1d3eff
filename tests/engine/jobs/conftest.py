"""Request handlers that a spawned child can import by name."""

from pathlib import Path

import pytest


@pytest.fixture
def worker_functions(monkeypatch):
    """The module ``worker_functions``; its folder is on ``sys.path``, which a child inherits."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "worker_functions")
    import worker_functions

    return worker_functions
