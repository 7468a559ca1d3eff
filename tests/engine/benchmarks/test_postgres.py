"""The benchmark makes the same library in both places and cleans up after itself."""

from __future__ import annotations

import pytest

from engine.benchmarks import postgres as benchmark
from engine.benchmarks.benchmark import BenchRequest
from engine.postgres.address import ServerAddress
from engine.postgres.connection import Server
from tests.fakes import colour_models
from tests.fakes.postgres_databases import PostgresDatabases
from tests.fakes.recording_listener import RecordingListener


@pytest.mark.slow
def test_both_places_hold_as_much_and_small_libraries_are_exact(
    postgres: PostgresDatabases | None,
) -> None:
    if postgres is None:
        pytest.skip("there is no PostgreSQL server to start here")
    address = ServerAddress(postgres.server.uri())
    request = BenchRequest(photos=30, profile=colour_models.profile(), server=address)
    result = benchmark.measure(request, RecordingListener())
    figures = result.figures
    assert figures["photos"] == 30 and figures["things"] > 0
    # Generated colours are often equally near, and then either is right.
    recalls = [row["recall"] for row in figures["filters"]]
    assert len(recalls) == 1 + len(benchmark.SHARES) and min(recalls) >= 0.95
    assert set(figures["p50_ms"]) == {"embedded", "server"} and figures["ratio"] > 0
    server = Server(address)
    with server.reading() as session:
        left = session.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pickout_scratch%'"
        ).fetchone()
    server.close()
    assert left == (0,)
