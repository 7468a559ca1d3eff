"""A mirror for model downloads on this computer, and a catalogue that names its one model."""

from __future__ import annotations

import hashlib
import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

NAME, TITLE, FILE = "toy", "Toy model", "toy.safetensors"
SIZE = 300_000


def weights(seed: int = 0) -> bytes:
    """A safetensors file of one tensor of noise."""
    head = json.dumps({"w": {"dtype": "U8", "shape": [SIZE], "data_offsets": [0, SIZE]}}).encode()
    body = np.random.default_rng(seed).integers(0, 256, SIZE, np.uint8).tobytes()
    return struct.pack("<Q", len(head)) + head + body


CONTENT = weights()


class Mirror:
    """Serves the toy model.

    Attributes:
        proceed: while it is clear, an answer stops after its first half.
        half_sent: set once the first half of an answer has been sent.
    """

    def __init__(self) -> None:
        self.proceed, self.half_sent = threading.Event(), threading.Event()
        self.proceed.set()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wanted = self.headers.get("Range")
                start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
                self.send_response(206 if wanted else 200)
                if wanted:
                    last = len(CONTENT) - 1
                    self.send_header("Content-Range", f"bytes {start}-{last}/{len(CONTENT)}")
                self.send_header("Content-Length", str(len(CONTENT) - start))
                self.send_header("ETag", '"one"')
                self.end_headers()
                half = start + (len(CONTENT) - start) // 2
                self.wfile.write(CONTENT[start:half])
                self.wfile.flush()
                mirror.half_sent.set()
                mirror.proceed.wait(60)
                self.wfile.write(CONTENT[half:])

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *_: None  # a cancelled download closes the connection


@contextmanager
def running(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """The mirror, with ``models_dir`` as the folder of the models."""
    mirror = Mirror()
    thread = threading.Thread(target=mirror.http.serve_forever, args=(0.01,))
    thread.start()
    models_dir.mkdir(parents=True, exist_ok=True)
    file = {
        "name": FILE,
        "format": "safetensors",
        "size_bytes": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "url": f"https://example.org/{FILE}",
    }
    entry = {"name": NAME, "title": TITLE, "role": "masks", "licence": "MIT", "terms": "Free."}
    entry |= {"source": "https://example.org", "files": [file], "memory_bytes": 1_000_000}
    (models_dir / "catalogue.json").write_text(json.dumps({"models": [entry]}))
    monkeypatch.setenv("PICKOUT_MODELS", str(models_dir))
    monkeypatch.setenv("PICKOUT_MODEL_MIRROR", f"http://127.0.0.1:{mirror.http.server_port}")
    try:
        yield mirror
    finally:
        mirror.proceed.set()
        mirror.http.shutdown()
        thread.join()
        mirror.http.server_close()
