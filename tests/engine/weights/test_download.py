"""Downloads from a server that fails in all the ways that servers do."""

from __future__ import annotations

import errno
import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Cancelled, DiskFull, ModelBroken, ModelMissing
from engine.jobs.cancel import CancelToken
from engine.weights import download as downloads
from engine.weights import model_store as model_stores
from engine.weights.catalogue import Catalogue, CatalogueEntry, ModelFile
from engine.weights.download import DownloadProblem, Source, download
from engine.weights.model_store import ModelStore


def weights_file(size: int = 400_000, seed: int = 0) -> bytes:
    """A safetensors file of one tensor of noise."""
    head = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    body = np.random.default_rng(seed).integers(0, 256, size, np.uint8).tobytes()
    return struct.pack("<Q", len(head)) + head + body


CONTENT = weights_file()
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """Serves ``content`` at any path; ``behave`` may answer itself and return True."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.tag = '"one"'
        self.requests: list[str | None] = []
        self.behave: Callable[[BaseHTTPRequestHandler, Server], bool] = lambda *_: False
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(self.headers.get("Range"))
                if not server.behave(self, server):
                    server.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/weights.safetensors"

    def answer(
        self, handler: BaseHTTPRequestHandler, most: int | None = None, reset: bool = False
    ) -> None:
        """Answer correctly, with ranges; or stop after ``most`` bytes, by closing or a reset."""
        start = 0
        wanted = handler.headers.get("Range")
        if wanted and handler.headers.get("If-Range") == self.tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            handler.send_response(206)
            end = len(self.content)
            handler.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
        else:
            handler.send_response(200)
        handler.send_header("Content-Length", str(len(self.content) - start))
        handler.send_header("ETag", self.tag)
        handler.end_headers()
        stop = None if most is None else start + most
        handler.wfile.write(self.content[start:stop])
        if most is not None:
            handler.close_connection = True
        if reset:
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.http.handle_error = lambda *_: None  # broken connections are part of the tests
    yield server
    server.close()


def entry_for(server: Server, **changes) -> CatalogueEntry:
    fields = {
        "name": "weights.safetensors",
        "format": "safetensors",
        "size_bytes": len(CONTENT),
        "sha256": DIGEST,
        "url": server.url,
    }
    file = ModelFile(**(fields | changes))
    return CatalogueEntry("toy", "Toy", "masks", "MIT", "Free.", "https://example.org", (file,))


@pytest.fixture
def fetch(server: Server, tmp_path: Path):
    """Function that downloads the toy model; by default without pauses between attempts."""

    def run(source: Source | None = None, cancel: CancelToken | None = None, **changes):
        entry = entry_for(server, **changes)
        run.model_store = ModelStore(tmp_path / "models", Catalogue((entry,)))
        actual_source = source or Source(pause_s=0.0, timeout_s=5.0)
        return download(entry, run.model_store, cancel or CancelToken(), source=actual_source)

    return run


def nothing_installed(model_store: ModelStore) -> bool:
    return model_store.installed() == [] and not (model_store.root / "toy").exists()


def test_interrupted_twenty_times_at_random_points_it_ends_with_the_right_file(server, fetch):
    rng = np.random.default_rng(0)
    cuts = [int(n) for n in rng.integers(1, 30_000, 20)]

    def behave(handler, server_state) -> bool:
        if len(server_state.requests) > len(cuts):
            return False
        number = len(server_state.requests) - 1
        server_state.answer(handler, most=cuts[number], reset=number % 3 == 2)
        return True

    server.behave = behave
    model = fetch()
    file = model.files["weights.safetensors"]
    assert len(server.requests) == 21
    assert file.path.read_bytes() == CONTENT
    assert (file.sha256, file.published) == (DIGEST, True)
    starts = [int(r.removeprefix("bytes=").removesuffix("-")) for r in server.requests if r]
    assert starts == sorted(starts) and starts[-1] > 0
    assert not fetch.model_store.staging("toy").exists()


def test_a_file_that_changed_on_the_server_is_restarted(server, fetch):
    def behave(handler, server_state) -> bool:
        if len(server_state.requests) == 1:
            server_state.tag = '"old"'
            server_state.content = weights_file(seed=9)
            server_state.answer(handler, most=50_000)
            server_state.tag, server_state.content = '"new"', CONTENT
            return True
        return False

    server.behave = behave
    assert fetch().files["weights.safetensors"].sha256 == DIGEST


def test_a_server_without_ranges_or_tags_is_restarted_each_time(server, fetch):
    def behave(handler, server_state) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        complete = len(server_state.requests) == 3
        handler.wfile.write(CONTENT if complete else CONTENT[:100_000])
        handler.close_connection = True
        return True

    server.behave = behave
    assert fetch().files["weights.safetensors"].sha256 == DIGEST
    assert server.requests == [None, None, None]


def test_a_download_that_was_stopped_is_resumed_later(server, fetch):
    cut = iter([150_000])
    server.behave = lambda handler, server_state: (
        server_state.answer(handler, most=next(cut, 0)) or True
    )
    with pytest.raises(DownloadProblem, match=r"weights\.safetensors could not be downloaded"):
        fetch()
    assert nothing_installed(fetch.model_store)
    server.behave = lambda *_: False
    assert fetch().files["weights.safetensors"].sha256 == DIGEST
    assert server.requests[-1] == "bytes=150000-"


def test_cancelling_keeps_the_received_part(server, fetch):
    cancel = CancelToken()

    def behave(handler, server_state) -> bool:
        server_state.answer(handler, most=150_000)
        cancel.cancel()
        return True

    server.behave = behave
    with pytest.raises(Cancelled):
        fetch(cancel=cancel)
    assert nothing_installed(fetch.model_store)
    server.behave = lambda *_: False
    assert fetch().files["weights.safetensors"].sha256 == DIGEST


def test_another_file_of_the_same_size_is_refused(server, fetch):
    server.content = weights_file(seed=1)
    with pytest.raises(ModelBroken, match="not the published file: its SHA-256"):
        fetch()
    assert nothing_installed(fetch.model_store)
    server.content = CONTENT
    assert fetch().files["weights.safetensors"].sha256 == DIGEST


@pytest.mark.parametrize("size", [len(CONTENT) - 999, len(CONTENT) + 999])
def test_a_file_of_another_size_is_refused(server, fetch, size):
    server.content = (CONTENT + bytes(2000))[:size]
    with pytest.raises(ModelBroken, match="not the published file"):
        fetch()
    assert nothing_installed(fetch.model_store)


def test_a_page_instead_of_the_file_is_refused_though_no_hash_is_known(server, fetch):
    server.content = b"<!DOCTYPE html><html><body>Please log in</body></html>" * 100
    with pytest.raises(ModelBroken):
        fetch(sha256=None, size_bytes=None)
    assert nothing_installed(fetch.model_store)


def test_a_file_without_a_published_hash_is_recorded_with_its_own_hash(server, fetch):
    file = fetch(sha256=None, size_bytes=None).files["weights.safetensors"]
    assert (file.sha256, file.published) == (DIGEST, False)
    file.path.write_bytes(weights_file(seed=3))
    with pytest.raises(ModelBroken, match="SHA-256"):
        fetch.model_store.verify("toy", CancelToken())


@pytest.mark.parametrize(
    "target", ["ftp://127.0.0.1/weights", "file:///etc/passwd", "gopher://127.0.0.1/"]
)
def test_redirects_to_another_scheme_are_not_followed(server, fetch, target):
    def behave(handler, server_state) -> bool:
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    server.behave = behave
    with pytest.raises(DownloadProblem):
        fetch()
    assert nothing_installed(fetch.model_store)


def test_redirects_from_https_to_http_are_refused():
    import urllib.error
    import urllib.request

    handler = downloads._SecureRedirects()
    request = urllib.request.Request("https://example.org/a")
    with pytest.raises(urllib.error.URLError) as caught:
        handler.redirect_request(request, None, 302, "", {}, "http://example.org/b")
    assert isinstance(caught.value.reason, DownloadProblem)
    assert handler.redirect_request(request, None, 302, "", {}, "https://cdn.example.org/b")


def test_a_plain_http_mirror_is_used_only_where_a_hash_is_published(server, fetch):
    far = Source(mirror="http://mirror.example.org/models", pause_s=0.0)
    with pytest.raises(DownloadProblem, match="insecure"):
        fetch(source=far, sha256=None)


def test_a_mirror_takes_the_place_of_the_catalogues_address(server, fetch):
    mirror = server.url.rsplit("/", 1)[0] + "/mirror/"
    paths = []
    server.behave = lambda handler, server_state: bool(paths.append(handler.path))
    fetch(source=Source(mirror=mirror, pause_s=0.0), url="https://example.invalid/weights")
    assert paths == ["/mirror/toy/weights.safetensors"]


def test_a_proxy_is_used(server, fetch):
    lines = []
    server.behave = lambda handler, server_state: bool(lines.append(handler.requestline))
    proxy = {"http": server.url.rsplit("/", 1)[0]}
    fetch(source=Source(proxies=proxy, pause_s=0.0), url="http://models.example.invalid/w")
    assert lines == ["GET http://models.example.invalid/w HTTP/1.1"]


@pytest.mark.parametrize(("code", "attempts"), [(404, 1), (403, 1), (500, 5), (503, 5)])
def test_a_refusal_is_an_error_and_a_failing_server_is_retried(server, fetch, code, attempts):
    server.behave = lambda handler, server_state: handler.send_error(code) or True
    with pytest.raises(DownloadProblem, match=f"answers {code}"):
        fetch()
    assert len(server.requests) == attempts
    assert nothing_installed(fetch.model_store)


def test_an_unreachable_server_is_an_error(server, fetch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(DownloadProblem) as caught:
        fetch(url=f"http://127.0.0.1:{port}/w")
    assert "goes on where it stopped" in caught.value.hint


def test_too_little_disk_space_is_an_error_before_the_download(server, fetch, monkeypatch):
    monkeypatch.setattr(model_stores, "SPARE_BYTES", 1 << 60)
    with pytest.raises(DiskFull, match="no room"):
        fetch()
    assert server.requests == []


def test_a_disk_that_becomes_full_is_an_error_and_the_part_is_kept(server, fetch, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(downloads.os, "fsync", full)
        with pytest.raises(DiskFull, match="became full"):
            fetch()
    assert nothing_installed(fetch.model_store)
    assert fetch().files["weights.safetensors"].sha256 == DIGEST


def test_a_file_to_fetch_by_hand_is_named_and_the_others_are_kept(server, tmp_path):
    entry = entry_for(server)
    by_hand = ModelFile("alpha.safetensors", "safetensors", page="https://example.org/alpha")
    entry = CatalogueEntry(
        "toy", "Toy", "regions", "MIT", "Free.", "https://example.org", (*entry.files, by_hand)
    )
    model_store = ModelStore(tmp_path / "models", Catalogue((entry,)))
    with pytest.raises(ModelMissing, match=r"alpha\.safetensors is missing") as caught:
        download(entry, model_store, CancelToken(), source=Source(pause_s=0.0))
    assert "https://example.org/alpha" in caught.value.hint
    assert model_store.installed() == []
    (tmp_path / "alpha.safetensors").write_bytes(weights_file(seed=5))
    model = model_store.import_files("toy", [tmp_path / "alpha.safetensors"], CancelToken())
    assert set(model.files) == {"weights.safetensors", "alpha.safetensors"}
