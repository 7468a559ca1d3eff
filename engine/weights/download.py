"""Downloads of model files: on request only, resumable, and installed only when complete."""

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
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO

from engine.errors import EngineError, ModelBroken
from engine.jobs.cancel import CancelToken
from engine.weights.catalogue import CatalogueEntry, ModelFile
from engine.weights.model_store import (
    InstalledModel,
    ModelStore,
    ReportProgress,
    disk_error,
    require_free_space,
)

MIRROR_VARIABLE = "PICKOUT_MODEL_MIRROR"
_BLOCK_BYTES = 1 << 18
_MAX_BYTES = 64 << 30
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class DownloadProblem(EngineError):
    """The server did not deliver the file. The received part is kept for the next download."""

    kind = "download"


class _Interrupted(Exception):
    """The connection or the server failed in a way that may pass; another attempt follows."""


@dataclass(frozen=True)
class Source:
    """How files are fetched.

    Attributes:
        mirror: address below which every file is found as ``MODEL/FILE``, replacing that of the
            catalogue; by default the environment variable ``PICKOUT_MODEL_MIRROR``.
        proxies: scheme -> proxy, as in ``{"https": "http://proxy:3128"}``; None for the system's.
        timeout_s: limit of each wait for the server.
        attempts: number of attempts in a row without a new byte after which it fails.
        pause_s: pause before the second attempt; doubled before each further one.
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
    report: ReportProgress = lambda *_: None,
    source: Source | None = None,
) -> InstalledModel:
    """Download the missing files of a model and install it. Blocks; not for the window's thread.

    Files that have to be fetched by hand are skipped. If one is missing in the end, the error of
    ``ModelStore.install`` says where to get it; the downloaded files are kept.

    Raises:
        DownloadProblem: a server did not deliver a file; the next download resumes it.
        ModelBroken: the received file is not the published one; it was deleted.
        ModelMissing: a file has to be fetched by hand.
        DiskFull: not enough space, at the start or later; the received part is kept.
        Cancelled: ``cancel`` was set; the received part is kept.
    """
    source = source or Source(mirror=os.environ.get(MIRROR_VARIABLE) or None)
    staging = model_store.staging(entry.name)
    try:
        staging.mkdir(parents=True, exist_ok=True)
        remaining_bytes = sum(_remaining_bytes(staging / file.name, file) for file in entry.files)
        require_free_space(model_store.root, remaining_bytes)
        for file in entry.files:
            url = _url_of(entry, file, source)
            if url is not None and not (staging / file.name).is_file():
                _FileDownload(url, file, staging / file.name, source, cancel, report).run()
    except OSError as error:
        raise disk_error(error, model_store.root) from error
    return model_store.install(entry, cancel, report)


def _remaining_bytes(target: Path, file: ModelFile) -> int:
    """Bytes that are still to be received; 0 if the size is unknown."""
    if target.is_file() or file.size_bytes is None:
        return 0
    part = _part_path(target)
    return max(0, file.size_bytes - (part.stat().st_size if part.is_file() else 0))


def _part_path(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _url_of(entry: CatalogueEntry, file: ModelFile, source: Source) -> str | None:
    if source.mirror:
        return f"{source.mirror.rstrip('/')}/{entry.name}/{urllib.parse.quote(file.name)}"
    return file.url


class _FileDownload:
    """The download of one file, in as many attempts as it takes."""

    def __init__(
        self,
        url: str,
        file: ModelFile,
        target: Path,
        source: Source,
        cancel: CancelToken,
        report: ReportProgress,
    ) -> None:
        self._url, self._file, self._target = url, file, target
        self._source, self._cancel, self._report = source, cancel, report
        self._part = _part_path(target)
        self._version_path = target.with_name(f"{target.name}.tag")
        self._total = file.size_bytes
        handlers: list[urllib.request.BaseHandler] = [_SecureRedirects()]
        if source.proxies is not None:
            handlers.append(urllib.request.ProxyHandler(dict(source.proxies)))
        self._opener = urllib.request.build_opener(*handlers)

    def run(self) -> None:
        """Download the file; raises as ``download``."""
        _require_secure(self._url, self._file)
        failed_attempts, pause_s = 0, self._source.pause_s
        while True:
            self._cancel.raise_if_set()
            before = self._received_bytes()
            try:
                self._attempt()
                break
            except _Interrupted as error:
                if self._received_bytes() > before:
                    failed_attempts, pause_s = 0, self._source.pause_s
                    continue
                failed_attempts += 1
                if failed_attempts >= self._source.attempts:
                    raise self._failure(str(error)) from error
                self._cancel.wait(pause_s)
                pause_s *= 2
        self._version_path.unlink(missing_ok=True)
        self._part.replace(self._target)

    def _received_bytes(self) -> int:
        return self._part.stat().st_size if self._part.is_file() else 0

    def _attempt(self) -> None:
        """Request the rest of the file once.

        Raises:
            _Interrupted: the connection or the server failed in a way that may pass.
            DownloadProblem: the server refused.
        """
        received_bytes = self._received_bytes()
        if self._total is not None and received_bytes >= self._total > 0:
            if received_bytes == self._total:
                return
            self._discard_part()
            received_bytes = 0
        request = urllib.request.Request(self._url, headers={"User-Agent": "Pickout"})
        tag = self._stored_version()
        if received_bytes and tag:
            request.add_header("Range", f"bytes={received_bytes}-")
            request.add_header("If-Range", tag)
        elif received_bytes:
            self._discard_part()  # without a version, the rest may be of another file
        try:
            with self._opener.open(request, timeout=self._source.timeout_s) as response:
                self._receive(response)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416:
                self._discard_part()
                raise _Interrupted("the server has changed the file") from error
            if error.code in (408, 429) or error.code >= 500:
                raise _Interrupted(f"the server answers {error.code}") from error
            raise self._failure(f"the server answers {error.code} {error.reason}") from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, DownloadProblem):
                raise error.reason from error
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise self._failure("the server's certificate is not valid") from error
            raise _Interrupted(f"{error.reason}") from error
        except (HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
            raise _Interrupted(str(error) or type(error).__name__) from error

    def _receive(self, response: HTTPResponse) -> None:
        start, total = self._content_range(response)
        if total is not None and total > _MAX_BYTES:
            raise self._failure("the server announces an absurd size")
        if self._total is None:
            self._total = total
        elif total is not None and total != self._total:
            raise self._wrong_size(total)
        if start == 0:
            self._store_version(response)
        require_free_space(self._part.parent, (self._total or 0) - start)
        with self._part.open("r+b" if start else "wb") as part:
            part.seek(start)
            part.truncate()
            done = start
            # Not ``read``: it loses a partly received block when the connection breaks.
            while block := response.read1(_BLOCK_BYTES):
                done += len(block)
                if self._total is not None and done > self._total:
                    raise self._wrong_size(done)
                part.write(block)
                self._report(f"Downloading {self._file.name}", done, self._total)
                if self._cancel.cancelled:
                    break
            part.flush()
            os.fsync(part.fileno())
        self._cancel.raise_if_set()
        if self._total is not None and done < self._total:
            raise _Interrupted("the connection ended too early")

    def _content_range(self, response: HTTPResponse) -> tuple[int, int | None]:
        """First byte of the response, and the size of the complete file; None if not sent."""
        length = response.headers.get("Content-Length")
        if response.status == 206:
            found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if found is None or int(found[1]) != self._received_bytes():
                self._discard_part()
                raise _Interrupted("the server sends another part than was asked for")
            return int(found[1]), None if found[3] == "*" else int(found[3])
        return 0, int(length) if length and length.isdigit() else None

    def _wrong_size(self, size: int) -> ModelBroken:
        """The error for a file of another size than published; the received part is deleted."""
        self._discard_part()
        return ModelBroken(
            f"The server's {self._file.name} has {size:,} bytes or more instead of "
            f"{self._total:,}: it is not the published file.",
            operation="downloading a model",
            path=self._target,
            hint=f"Nothing was installed. It should be what is at {self._file.url}.",
        )

    def _stored_version(self) -> str | None:
        """The server's ETag or date of the version that the received part belongs to."""
        try:
            kept = json.loads(self._version_path.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return str(kept["tag"]) if kept.get("url") == self._url else None

    def _store_version(self, response: HTTPResponse) -> None:
        tag = response.headers.get("ETag") or ""
        if tag.startswith("W/"):  # weak: the bytes may differ
            tag = ""
        tag = tag or response.headers.get("Last-Modified") or ""
        if tag:
            self._version_path.write_text(json.dumps({"url": self._url, "tag": tag}), "utf-8")
        else:
            self._version_path.unlink(missing_ok=True)

    def _discard_part(self) -> None:
        self._part.unlink(missing_ok=True)
        self._version_path.unlink(missing_ok=True)

    def _failure(self, what: str) -> DownloadProblem:
        return DownloadProblem(
            f"{self._file.name} could not be downloaded: {what}.",
            operation="downloading a model",
            path=self._target,
            hint="Check the connection and do the same again; it goes on where it stopped. Or get "
            f"it elsewhere and import it: {self._url}",
        )


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https, and from http to http; refuses all others."""

    def redirect_request(
        self,
        request: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request to follow; raises URLError with a DownloadProblem for a refused one."""
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


def _require_secure(url: str, file: ModelFile) -> None:
    """Require https, or http from this computer or for a file whose SHA-256 is published.

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
