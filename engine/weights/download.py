"""Downloads of model files: only when asked for, resumable, and never half installed."""

from __future__ import annotations

import json
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from engine.errors import EngineError, ModelBroken
from engine.jobs.cancel import CancelToken
from engine.weights.catalogue import CatalogueEntry, ModelFile
from engine.weights.model_store import InstalledModel, ModelStore, Report, disk_error, need_room

MIRROR_VARIABLE = "PICKOUT_MODEL_MIRROR"
_BLOCK_BYTES = 1 << 18
_LARGEST_BYTES = 64 << 30
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class DownloadProblem(EngineError):
    """The server did not give the file. What came so far is kept and gone on with."""

    kind = "download"


class _Interrupted(Exception):
    """The connection ended early; worth another attempt."""


@dataclass(frozen=True)
class Source:
    """How files are fetched.

    Attributes:
        mirror: an address below which every file lies as ``MODEL/FILE``, instead of the
            catalogue's; by default the environment's ``PICKOUT_MODEL_MIRROR``.
        proxies: by scheme, as in ``{"https": "http://proxy:3128"}``; None for the system's.
        timeout_s: of each wait for the server.
        attempts: in a row without a single new byte before it is given up.
        pause_s: before the second attempt; twice as long before each further one.
    """

    mirror: str | None = None
    proxies: Mapping[str, str] | None = None
    timeout_s: float = 30.0
    attempts: int = 5
    pause_s: float = 1.0


def download(
    entry: CatalogueEntry,
    model_store: ModelStore,
    cancel: CancelToken,
    report: Report = lambda *_: None,
    source: Source | None = None,
) -> InstalledModel:
    """Fetch what is missing of a model and install it. Blocks; not for a thread that draws.

    Files that have to be fetched by hand are skipped; if one is missing at the end, the error of
    ``ModelStore.install`` says where it is to be had, and what was fetched waits for it.

    Raises:
        DownloadProblem: a server did not give a file; the next download goes on with what came.
        ModelBroken: what came is not the published file; it was deleted.
        ModelMissing: a file has to be fetched by hand.
        DiskFull: no room, before or meanwhile; what came is kept.
        Cancelled: what came is kept.
    """
    source = source or Source(mirror=os.environ.get(MIRROR_VARIABLE) or None)
    staging = model_store.staging(entry.name)
    try:
        staging.mkdir(parents=True, exist_ok=True)
        left = sum(_left(staging / file.name, file) for file in entry.files)
        need_room(model_store.root, left)
        for file in entry.files:
            url = _address(entry, file, source)
            if url is not None and not (staging / file.name).is_file():
                _Fetch(url, file, staging / file.name, source, cancel, report).run()
    except OSError as error:
        raise disk_error(error, model_store.root) from error
    return model_store.install(entry, cancel, report)


def _left(target: Path, file: ModelFile) -> int:
    """Bytes still to come, as far as one knows."""
    if target.is_file() or file.size_bytes is None:
        return 0
    part = _part(target)
    return max(0, file.size_bytes - (part.stat().st_size if part.is_file() else 0))


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _address(entry: CatalogueEntry, file: ModelFile, source: Source) -> str | None:
    if source.mirror:
        return f"{source.mirror.rstrip('/')}/{entry.name}/{urllib.parse.quote(file.name)}"
    return file.url


class _Fetch:
    """One file: attempts until it is whole or no attempt brings anything."""

    def __init__(
        self,
        url: str,
        file: ModelFile,
        target: Path,
        source: Source,
        cancel: CancelToken,
        report: Report,
    ) -> None:
        self._url, self._file, self._target = url, file, target
        self._source, self._cancel, self._report = source, cancel, report
        self._part = _part(target)
        self._tag_path = target.with_name(f"{target.name}.tag")
        self._total = file.size_bytes
        handlers: list[urllib.request.BaseHandler] = [_SameScheme()]
        if source.proxies is not None:
            handlers.append(urllib.request.ProxyHandler(dict(source.proxies)))
        self._opener = urllib.request.build_opener(*handlers)

    def run(self) -> None:
        _require_safe(self._url, self._file)
        fruitless, pause_s = 0, self._source.pause_s
        while True:
            self._cancel.raise_if_set()
            before = self._have()
            try:
                self._attempt()
                break
            except _Interrupted as error:
                if self._have() > before:
                    fruitless, pause_s = 0, self._source.pause_s
                    continue
                fruitless += 1
                if fruitless >= self._source.attempts:
                    raise self._problem(str(error)) from error
                self._cancel.wait(pause_s)
                pause_s *= 2
        self._tag_path.unlink(missing_ok=True)
        self._part.replace(self._target)

    def _have(self) -> int:
        return self._part.stat().st_size if self._part.is_file() else 0

    def _attempt(self) -> None:
        """Raises:
        _Interrupted: the connection or the server failed in a way that may pass.
        DownloadProblem: it refused.
        """
        have = self._have()
        if self._total is not None and have >= self._total > 0:
            if have == self._total:
                return
            self._begin_anew()
            have = 0
        request = urllib.request.Request(self._url, headers={"User-Agent": "Pickout"})
        tag = self._tag()
        if have and tag:
            request.add_header("Range", f"bytes={have}-")
            request.add_header("If-Range", tag)
        elif have:
            self._begin_anew()  # nothing tells whether the rest would belong to it
        try:
            with self._opener.open(request, timeout=self._source.timeout_s) as response:
                self._receive(response)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416:
                self._begin_anew()
                raise _Interrupted("the server has changed the file") from error
            if error.code in (408, 429) or error.code >= 500:
                raise _Interrupted(f"the server answers {error.code}") from error
            raise self._problem(f"the server answers {error.code} {error.reason}") from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, DownloadProblem):
                raise error.reason from error
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise self._problem("the server's certificate is not valid") from error
            raise _Interrupted(f"{error.reason}") from error
        except (HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
            raise _Interrupted(str(error) or type(error).__name__) from error

    def _receive(self, response: HTTPResponse) -> None:
        start, total = self._extent(response)
        if total is not None and total > _LARGEST_BYTES:
            raise self._problem("the server announces an absurd size")
        if self._total is None:
            self._total = total
        elif total is not None and total != self._total:
            raise self._refused(total)
        if start == 0:
            self._keep_tag(response)
        need_room(self._part.parent, (self._total or 0) - start)
        with self._part.open("r+b" if start else "wb") as part:
            part.seek(start)
            part.truncate()
            done = start
            # Not ``read``: it would lose what has come of a block when the connection breaks.
            while block := response.read1(_BLOCK_BYTES):
                done += len(block)
                if self._total is not None and done > self._total:
                    raise self._refused(done)
                part.write(block)
                self._report(f"Downloading {self._file.name}", done, self._total)
                if self._cancel.cancelled:
                    break
            part.flush()
            os.fsync(part.fileno())
        self._cancel.raise_if_set()
        if self._total is not None and done < self._total:
            raise _Interrupted("the connection ended too early")

    def _extent(self, response: HTTPResponse) -> tuple[int, int | None]:
        """Where what comes begins, and the size of the whole file if the server tells."""
        length = response.headers.get("Content-Length")
        if response.status == 206:
            found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if found is None or int(found[1]) != self._have():
                self._begin_anew()
                raise _Interrupted("the server sends another part than was asked for")
            return int(found[1]), None if found[3] == "*" else int(found[3])
        return 0, int(length) if length and length.isdigit() else None

    def _refused(self, size: int) -> ModelBroken:
        """The file is of another size than published: another file."""
        self._begin_anew()
        return ModelBroken(
            f"The server's {self._file.name} has {size:,} bytes or more instead of "
            f"{self._total:,}: it is not the published file.",
            operation="downloading a model",
            path=self._target,
            hint=f"Nothing was installed. It should be what is at {self._file.url}.",
        )

    def _tag(self) -> str | None:
        """What the server called the version that the part belongs to."""
        try:
            kept = json.loads(self._tag_path.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return kept["tag"] if kept.get("url") == self._url else None

    def _keep_tag(self, response: HTTPResponse) -> None:
        tag = response.headers.get("ETag") or ""
        if tag.startswith("W/"):  # weak: the bytes may differ
            tag = ""
        tag = tag or response.headers.get("Last-Modified") or ""
        if tag:
            self._tag_path.write_text(json.dumps({"url": self._url, "tag": tag}), "utf-8")
        else:
            self._tag_path.unlink(missing_ok=True)

    def _begin_anew(self) -> None:
        self._part.unlink(missing_ok=True)
        self._tag_path.unlink(missing_ok=True)

    def _problem(self, what: str) -> DownloadProblem:
        return DownloadProblem(
            f"{self._file.name} could not be downloaded: {what}.",
            operation="downloading a model",
            path=self._target,
            hint="Check the connection and do the same again; it goes on where it stopped. Or get "
            f"it elsewhere and import it: {self._url}",
        )


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https, and within http on this computer; to nothing else."""

    def redirect_request(self, request, fp, code, msg, headers, newurl):
        scheme = urllib.parse.urlsplit(newurl).scheme
        before = urllib.parse.urlsplit(request.full_url).scheme
        if scheme != "https" and not (scheme == before == "http"):
            if fp is not None:
                fp.close()
            raise urllib.error.URLError(
                DownloadProblem(
                    f"The server sends elsewhere, to an address that is not secure ({scheme}).",
                    operation="downloading a model",
                    hint=f"Nothing was installed. The address was {request.full_url}.",
                )
            )
        return super().redirect_request(request, fp, code, msg, headers, newurl)


def _require_safe(url: str, file: ModelFile) -> None:
    """https, or http for a mirror on this computer or for a file whose SHA-256 is published.

    Raises:
        DownloadProblem: it is neither.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        return
    if parts.scheme == "http" and (parts.hostname in _LOOPBACK or file.sha256):
        return
    raise DownloadProblem(
        f"{file.name} is not fetched over an insecure connection.",
        operation="downloading a model",
        hint=f"Use a mirror with https instead of {url}.",
    )
