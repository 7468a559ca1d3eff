"""The store and the analysed photos of the store's own tests."""

from __future__ import annotations

from tests.engine.store.conftest import (  # noqa: F401 (fixtures)
    folder_id,
    index_all,
    paths,
    profile_id,
    store,
)
