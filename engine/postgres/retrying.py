"""Transactions that are run once more when another indexer was in their way."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from engine.postgres.connection import is_clash

P = ParamSpec("P")
T = TypeVar("T")
_ATTEMPTS = 5


def retried(method: Callable[P, T]) -> Callable[P, T]:
    """Run a method that is one transaction again, if it was rolled back because of another one."""

    @functools.wraps(method)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(_ATTEMPTS - 1):
            try:
                return method(*args, **kwargs)
            except Exception as error:
                if not is_clash(error):
                    raise
        return method(*args, **kwargs)

    return run
