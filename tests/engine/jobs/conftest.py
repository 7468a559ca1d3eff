"""Servants that a spawned child can import by name."""

from pathlib import Path

import pytest


@pytest.fixture
def servants(monkeypatch):
    """The module ``odd_servants``; its folder reaches the child through ``sys.path``."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "servants")
    import odd_servants

    return odd_servants
