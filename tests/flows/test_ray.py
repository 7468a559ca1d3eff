"""Indexing on a real local Ray gives what the local processes give, whatever dies."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine import cli
from engine import settings as settings_file
from engine.decode.reader import fingerprint
from engine.errors import (
    Cancelled,
    ModelBroken,
    PhotoTimedOut,
    PhotoUnreadable,
    WorkerCrashed,
    WorkerUnavailable,
)
from engine.indexing.analysis import AnalysisRequest, analysis_of, create_handler
from engine.indexing.analysis_pool import AnalysisPool
from engine.indexing.ray_analysis import (
    NOT_HERE,
    PhotoRequest,
    create_ray_handler,
    ray_workers,
    share,
)
from engine.jobs import CancelToken
from engine.jobs.ray_cluster import LOCAL, RayCluster
from engine.jobs.ray_worker import RayWorker
from engine.library import Library
from engine.settings import Settings
from engine.store.rows import AnalysedPhoto, FileVersion, IndexLevel
from tests.fakes import colour_models, request_handler, synthetic_photos

from .conftest import PATIENCE_S, wait_until

_SCRIPT = Path(__file__).with_name("ray_script.py")
_CLUSTER_SCRIPT = Path(__file__).with_name("ray_cluster_script.py")
_REPOSITORY = _SCRIPT.parents[2]
Open = Callable[..., Library]
_INSTALLED = importlib.util.find_spec("ray") is not None  # importing it would be too early
_NOT_INSTALLED = "Ray is not installed"
needs_ray = pytest.mark.skipif(not _INSTALLED, reason=_NOT_INSTALLED)
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")


@pytest.fixture(scope="module")
def ray() -> Iterator[RayCluster]:
    """Starting it takes seconds, so the tests of this file share one. Actors find the fake models
    by the path."""
    if not _INSTALLED:
        pytest.skip(_NOT_INSTALLED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(_REPOSITORY))
        cluster = RayCluster.open(LOCAL)
    yield cluster
    cluster.close()


@pytest.fixture
def start_worker(ray: RayCluster, tmp_path: Path) -> Iterator[Callable[..., RayWorker]]:
    """Makes workers with the handler of ``request_handler``."""
    made: list[RayWorker] = []

    def run(**options) -> RayWorker:
        factory = functools.partial(request_handler.create, tmp_path / "requests")
        options = {"cpus": 1.0, "gpus": 0.0, "time_limit_s": PATIENCE_S} | options
        made.append(RayWorker(ray, "tester", factory, **options))
        return made[-1]

    yield run
    for worker in made:
        worker.close()


@pytest.fixture
def open_on_ray(open_library: Open, ray: RayCluster, tmp_path: Path) -> Open:
    """Opens a library that indexes with two actors."""

    def run(**options) -> Library:
        root = tmp_path / "on ray"
        root.mkdir()
        settings_file.save(root / "settings.json", Settings(workers=2))
        return open_library(root=root, ray=ray, **options)

    return run


def rows(library: Library) -> list[tuple]:
    """What the store has of each photo, by path, without the numbers that follow the order."""
    connection = sqlite3.connect(library.paths.root / "library.sqlite")
    try:
        query = """SELECT f.rel_path, f.state, f.size_bytes, f.mtime_ns,
                   p.content_hash, p.width_px, p.height_px, p.taken_at, p.camera, p.dated_at,
                   i.level, i.things, b.regions, b.block, b.masks
                   FROM files f JOIN photos p ON p.id = f.photo_id
                   JOIN indexings i ON i.photo_id = p.id
                   LEFT JOIN region_blocks b ON b.photo_id = p.id ORDER BY f.rel_path"""
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.exists() else []


def test_the_library_is_that_of_the_local_way(
    open_library: Open, open_on_ray: Open, photos: Path
) -> None:
    for i in range(12):
        synthetic_photos.photo(photos / f"{i:02}.jpg", "red", "green", age_s=100 + i, seed=i)
    synthetic_photos.photo(photos / "large.png", "blue", size_wh=(1400, 900), seed=20)
    (photos / "text.jpg").write_text("Dear aunt,")
    synthetic_photos.aged(photos / "text.jpg", 100)
    libraries = open_library(), open_on_ray()
    for library in libraries:
        library.folders.add(photos)
        status = library.indexing.start().result(PATIENCE_S)
        assert (status.searchable, status.outlined, status.problems) == (13, 13, 1)
    local, on_ray = libraries
    assert len(rows(local)) == 13 and rows(local) == rows(on_ray)
    for library in libraries:
        assert library.maintenance.check().result(PATIENCE_S).faults == ()
    thumbnails = [
        {photo.path.name: library.photos.thumbnail(photo.id) for photo in library.photos.page()}
        for library in libraries
    ]
    assert thumbnails[0] == thumbnails[1]
    problems = [library.indexing.problems()[0] for library in libraries]
    assert (problems[0].kind, problems[0].message) == (problems[1].kind, problems[1].message)


@needs_signals
def test_a_killed_actor_costs_no_photo(open_on_ray: Open, photos: Path, tmp_path: Path) -> None:
    gate, asked = tmp_path / "gate", tmp_path / "asked"
    for i in range(6):
        synthetic_photos.photo(photos / f"{i}.jpg", "red", age_s=100 + i, seed=i)
    load = functools.partial(colour_models.load_held_models, gate, asked)
    library = open_on_ray(analysis=load)
    library.folders.add(photos)
    job = library.indexing.start()
    wait_until(lambda: len(lines(asked)) == 2, "in the full pass with both actors")
    os.kill(int(lines(asked)[0]), signal.SIGKILL)
    wait_until(lambda: len(lines(asked)) == 3, "tried again on a fresh actor")
    gate.touch()
    status = job.result(PATIENCE_S)
    assert (status.searchable, status.outlined, status.problems) == (6, 6, 0)
    assert len(lines(asked)) == 7


def test_a_photo_that_crashes_its_actor_is_a_problem_and_stops_nobody(
    open_on_ray: Open, photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = open_on_ray(analysis=colour_models.load_failing_models)
    synthetic_photos.photo(photos / "crash.png", background=(0, 0, 0), age_s=50)
    synthetic_photos.photo(photos / "bug.png", background=(0, 255, 255), age_s=51)
    for i in range(5):
        synthetic_photos.photo(photos / f"good {i}.png", "red", age_s=48 + i, seed=i)
    library.folders.add(photos)
    status = library.indexing.start().result(PATIENCE_S)
    assert (status.outlined, status.problems) == (5, 2)
    problems = {problem.path.name: problem.kind for problem in library.indexing.problems()}
    assert problems == {"crash.png": "crashed", "bug.png": "crashed"}


def test_models_that_cannot_be_loaded_end_the_run_without_a_failed_photo(
    open_on_ray: Open, photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = open_on_ray(analysis=colour_models.load_nothing)
    synthetic_photos.photo(photos / "a.jpg", "red")
    library.folders.add(photos)
    with pytest.raises(ModelBroken, match=r"weights\.bin"):
        library.indexing.start().result(PATIENCE_S)
    assert (library.status().pending, library.status().problems) == (1, 0)


def test_a_worker_without_room_leaves_its_photos_to_the_others(
    open_on_ray: Open, ray: RayCluster, photos: Path, start_worker: Callable[..., RayWorker]
) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red")
    library = open_on_ray()
    library.folders.add(photos)
    library.folders.scan().result(PATIENCE_S)
    file = library._components.store.files.pending(1)[0]
    nowhere = start_worker(cpus=1000.0, start_limit_s=0.0)
    profile = colour_models.profile()
    fitting = ray_workers(ray, profile, Settings(workers=1))
    pool = AnalysisPool(profile, 1, library._components.store.results, [nowhere, *fitting])
    try:
        finding = pool.analyse(file, IndexLevel.FULL, photos, CancelToken()).result(PATIENCE_S)
    finally:
        pool.close()
    assert isinstance(finding, AnalysedPhoto)
    with pytest.raises(WorkerUnavailable, match="not ready"):
        start_worker(cpus=1000.0, start_limit_s=0.0).call("hello")


def test_a_photo_is_sent_where_its_path_does_not_lead_to_it(ray: RayCluster, photos: Path) -> None:
    path = synthetic_photos.photo(photos / "a.jpg", "red", "blue")
    content_hash, size_bytes, mtime_ns = fingerprint(path)
    elsewhere = AnalysisRequest(path, FileVersion(content_hash, size_bytes, mtime_ns - 1))
    profile = colour_models.profile()
    (worker,) = ray_workers(ray, profile, Settings(workers=1))
    try:
        sent = worker.call(elsewhere)
    finally:
        worker.close()
    read = create_handler(analysis_of(profile))(elsewhere)
    assert sent.thumbnail_jpeg == read.thumbnail_jpeg and sent.rles == read.rles
    assert (sent.vectors == read.vectors).all() and (sent.boxes_xyxy == read.boxes_xyxy).all()


def test_an_actor_that_cannot_read_a_photo_says_so(tmp_path: Path) -> None:
    handle = create_ray_handler(analysis_of(colour_models.profile()), _version())
    request = AnalysisRequest(tmp_path / "gone.jpg", FileVersion(b"hash", 3, 0))
    assert handle(PhotoRequest(request)) == NOT_HERE
    with pytest.raises(PhotoUnreadable) as caught:
        handle(PhotoRequest(request, b"cut"))
    assert caught.value.path == request.path


def _version() -> str:
    from importlib import metadata

    return metadata.version("pickout")


def test_another_version_of_pickout_is_refused() -> None:
    with pytest.raises(WorkerUnavailable, match=r"another version .*0\.0\.0"):
        create_ray_handler(analysis_of(colour_models.profile()), "0.0.0")


def test_a_request_that_ends_its_actor_is_tried_twice(
    start_worker: Callable[..., RayWorker], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker = start_worker()
    first = worker.call("who")
    assert worker.pid == first == worker.call("who")
    with pytest.raises(WorkerCrashed, match="twice"):
        worker.call("die", path=Path("a.jpg"))
    assert lines(tmp_path / "requests").count("die") == 2
    with pytest.raises(PhotoUnreadable) as caught:
        worker.call("refuse")
    assert (caught.value.hint, caught.value.path) == ("No.", Path("a.jpg"))
    with pytest.raises(WorkerCrashed, match="a bug"):
        worker.call("bug")
    assert worker.call("who") == worker.pid != first


def test_time_limit_cancel_and_close_end_the_actor(
    start_worker: Callable[..., RayWorker], tmp_path: Path
) -> None:
    requests = tmp_path / "requests"
    worker = start_worker(time_limit_s=0.3)
    with pytest.raises(PhotoTimedOut):
        worker.call("hang")
    assert worker.pid is None
    worker = start_worker()
    for stop in ("cancel", "close"):
        before, cancel, raised = len(lines(requests)), CancelToken(), []

        def hang(cancel=cancel, raised=raised) -> None:
            try:
                worker.call("hang", cancel=cancel)
            except Cancelled as error:
                raised.append(error)

        thread = threading.Thread(target=hang)
        thread.start()
        wait_until(lambda before=before: len(lines(requests)) > before, "asked")
        pid = worker.pid
        cancel.cancel() if stop == "cancel" else worker.close()
        thread.join(PATIENCE_S)
        assert raised and worker.pid is None
        wait_until(lambda pid=pid: not psutil.pid_exists(pid), "ended")
    with pytest.raises(RuntimeError, match="closed"):
        worker.call("who")


def test_shares_of_a_machine_never_exceed_it() -> None:
    assert [share(8, 3), share(2, 1), share(2, 2), share(0, 4)] == [2.0, 2.0, 1.0, 0.0]
    assert 0.66 < share(2, 3) <= 2 / 3


def test_ray_listens_to_this_computer_only(ray: RayCluster) -> None:
    connections = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # one that just ended
            connections += process.net_connections("inet")
    listening = [one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN]
    assert listening
    ends = {one.laddr.ip for one in connections} | {
        one.raddr.ip for one in connections if one.raddr
    }
    assert {ip.removeprefix("::ffff:") for ip in ends} <= {"127.0.0.1", "::1"}


def test_without_ray_the_command_says_how_to_add_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert cli.run(["--library", str(tmp_path / "library"), "index", "--ray"]) == 1
    assert "Ray is not installed.\n  Add it: " in capsys.readouterr().err


def test_the_engine_does_not_import_ray() -> None:
    code = "import sys, engine.cli, engine.library; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=_REPOSITORY).returncode == 0


@pytest.mark.slow
@needs_ray
@needs_signals
def test_ctrl_c_ends_the_command_and_its_ray(
    open_library: Open, photos: Path, tmp_path: Path
) -> None:
    gate, asked = tmp_path / "gate", tmp_path / "asked"
    for i in range(8):
        synthetic_photos.photo(photos / f"{i}.jpg", "red", age_s=100 + i, seed=i)
    first = open_library()
    first.folders.add(photos)
    first.close()
    folders = set(Path(tempfile.gettempdir()).glob("ray-*"))
    command = [sys.executable, str(_SCRIPT), str(tmp_path / "library"), str(gate), str(asked)]
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(_REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: bool(lines(asked)), "in the full pass")
    started = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, errors
    assert output == "" and errors.endswith("Stopped. What was finished is kept.\n")
    assert "Traceback" not in errors and "WARN" not in errors
    assert psutil.wait_procs(started, PATIENCE_S)[1] == []
    assert set(Path(tempfile.gettempdir()).glob("ray-*")) == folders
    status = open_library().status()
    assert status.searchable == 8 and status.outlined == 0 and status.problems == 0


@pytest.mark.slow
@needs_ray
@needs_signals
def test_a_lost_machine_costs_no_photo(open_library: Open, photos: Path, tmp_path: Path) -> None:
    for i in range(8):
        synthetic_photos.photo(photos / f"{i}.jpg", "red", age_s=100 + i, seed=i)
    first = open_library()
    first.folders.add(photos)
    first.close()
    asked = tmp_path / "asked"
    command = [sys.executable, _CLUSTER_SCRIPT, tmp_path / "library", tmp_path / "gate", asked]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(_REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "8 8 0" in done.stdout.splitlines(), "searchable, outlined, problems"
    assert len(lines(asked)) == 9


CONNECT = """
import sys
from engine.errors import RayUnavailable
from engine.jobs.ray_cluster import RayCluster
try:
    RayCluster.open(sys.argv[1])
except RayUnavailable as error:
    print(error)
"""


@needs_ray
def test_no_cluster_at_an_address_is_said() -> None:
    """In a process of its own, because Ray knows one way to authenticate in a process."""
    with socket.socket() as bound:  # nobody listens there
        bound.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        command = [sys.executable, "-c", CONNECT, address]
        done = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True)
    assert done.stdout.startswith(f"A Ray cluster was not reached at {address} (")
    assert "without --ray" in done.stdout and done.stderr == ""
