"""Downloads large wheels so that an interrupted download continues, and hands them to uv.

uv starts a wheel again from its first byte after a broken connection or a cancelled build, and a wheel of CUDA has
hundreds of megabytes. A wheel that cannot be had this way, for instance because its index wants a password, is left to
uv. uv takes the others from a server on loopback, under the index they belong to, so that they land in its cache as if
it had downloaded them.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import ssl
import threading
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

import tomli_w

from gpuplayground.environments.managed.pip_settings import uv_environment
from gpuplayground.environments.managed.records import BuildCancelledError, BuildPlan
from gpuplayground.storage import locks

#: Smaller wheels are left to uv, in bytes: it has them again within a second.
LARGE_BYTES = 8_000_000
_PIECE = 1 << 18
_AT_ONCE = 4
#: Attempts in a row that receive nothing, after which a wheel is left to uv.
_ATTEMPTS = 3
_PAUSE_S = 1.0
_TIMEOUT_S = 20.0
#: Age after which an unfinished download is given up, in seconds.
_KEPT_S = 14 * 86400.0

#: (name, received bytes, total bytes) of a download.
OnDownload = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Wheel:
    name: str
    url: str
    sha256: str
    size: int


def fetch(plan: BuildPlan, folder: Path, on_download: OnDownload, cancelled: Event | None = None) -> dict[str, Path]:
    """Download the large wheels of a plan and return their files by package name.

    Args:
        plan: the plan; wheels without a known size or hash are left out.
        folder: where downloads are kept until they are installed.
        on_download: called with the bytes of each download, in other threads.
        cancelled: set it to give up; what has been received is kept.

    Raises:
        BuildCancelledError: ``cancelled`` was set.
        OSError: the files cannot be written, for instance because the disk is full.
    """
    wanted = _large_wheels(plan)
    if not wanted:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    _forget_old(folder)
    opener = _opener(os.environ)
    stop = Event()

    def is_over() -> bool:
        return stop.is_set() or (cancelled is not None and cancelled.is_set())

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="wheel") as pool:
        try:
            jobs = [pool.submit(_fetch_one, wheel, folder, opener, on_download, is_over) for wheel in wanted]
            files = [job.result() for job in jobs]
        except BaseException:
            stop.set()
            raise
    if is_over():
        raise BuildCancelledError("The build was cancelled.")
    return {wheel.name: file for wheel, file in zip(wanted, files, strict=True) if file is not None}


@contextmanager
def handed_over(lock: str, files: Mapping[str, Path]) -> Iterator[str]:
    """Serve downloaded wheels on loopback while uv installs, and yield the lock that takes them from there.

    Args:
        lock: the resolution as pylock.toml.
        files: the downloaded wheels by package name.
    """
    served = {f"/{secrets.token_urlsafe(16)}/{name}": file for name, file in files.items()}
    server = _Server(("127.0.0.1", 0), _Handler)
    server.files = served
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        root = f"http://127.0.0.1:{server.server_port}"
        yield _redirected(lock, {path.rpartition("/")[2]: root + path for path in served})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _large_wheels(plan: BuildPlan) -> list[_Wheel]:
    sizes = {each.name: each.size_bytes or 0 for each in plan.packages if not each.is_cached}
    found = []
    for package in tomllib.loads(plan.lock)["packages"]:
        wheel: dict[str, Any] = next(iter(package.get("wheels", ())), {})
        url, sha256 = str(wheel.get("url", "")), str(wheel.get("hashes", {}).get("sha256", ""))
        parts = urllib.parse.urlsplit(url)
        size = sizes.get(package["name"], 0)
        # A password in the address is for uv, which may also have it from a keyring.
        if size >= LARGE_BYTES and sha256 and parts.scheme in ("http", "https") and "@" not in parts.netloc:
            found.append(_Wheel(str(package["name"]), url, sha256, size))
    return sorted(found, key=lambda each: -each.size)


def _forget_old(folder: Path) -> None:
    for file in folder.iterdir():
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > _KEPT_S:
                file.unlink()


def _opener(environment: Mapping[str, str]) -> urllib.request.OpenerDirector:
    """Return what opens addresses with the proxy and the certificates that uv gets."""
    variables = {**environment, **uv_environment(environment)}
    proxies = urllib.request.getproxies()
    everywhere = variables.get("ALL_PROXY") or variables.get("all_proxy")
    if everywhere:
        proxies = {"http": everywhere, "https": everywhere, **proxies}
    context = ssl.create_default_context()
    if variables.get("SSL_CERT_FILE"):
        with suppress(OSError):  # uv says what is wrong with the file
            context.load_verify_locations(variables["SSL_CERT_FILE"])
    handlers = urllib.request.ProxyHandler(proxies), urllib.request.HTTPSHandler(context=context)
    return urllib.request.build_opener(*handlers)


def _fetch_one(
    wheel: _Wheel,
    folder: Path,
    opener: urllib.request.OpenerDirector,
    on_download: OnDownload,
    is_over: Callable[[], bool],
) -> Path | None:
    """Return the file of a wheel, or None to leave it to uv."""
    path = folder / f"{wheel.sha256}.whl"
    with path.open("ab") as file:
        # Another build may be downloading the same wheel.
        if not locks.try_lock(file):
            return None
        failures = 0
        while (received := file.tell()) < wheel.size and failures < _ATTEMPTS and not is_over():
            try:
                _continue(wheel, file, opener, on_download, is_over)
            except urllib.error.HTTPError as error:
                error.close()
                return None
            except (OSError, HTTPException, ValueError) as error:
                if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                    file.truncate(0)  # the user needs the room more than the next attempt needs the bytes
                    raise
                file.seek(0, os.SEEK_END)
            # A connection that breaks again and again still gets there, as long as each brings something.
            failures = 0 if file.tell() > received else failures + 1
            if failures:
                time.sleep(_PAUSE_S)
        on_download(wheel.name, file.tell(), wheel.size)
    if is_over():
        return None
    return path if _is_whole(path, wheel) else None


def _continue(
    wheel: _Wheel,
    file: BinaryIO,
    opener: urllib.request.OpenerDirector,
    on_download: OnDownload,
    is_over: Callable[[], bool],
) -> None:
    """Receive the rest of a wheel, or all of it from a server that cannot continue."""
    start = file.tell()
    request = urllib.request.Request(wheel.url, headers={"Range": f"bytes={start}-"} if start else {})  # noqa: S310
    with opener.open(request, timeout=_TIMEOUT_S) as answer:
        if start and not str(answer.headers.get("Content-Range", "")).startswith(f"bytes {start}-"):
            file.truncate(0)
            file.seek(0)
        while (piece := answer.read(_PIECE)) and not is_over():
            file.write(piece)
            on_download(wheel.name, file.tell(), wheel.size)
    file.flush()


def _is_whole(path: Path, wheel: _Wheel) -> bool:
    """Return whether a file is the wheel; a damaged one is deleted."""
    if path.stat().st_size < wheel.size:
        return False
    with path.open("rb") as file:
        is_right = hashlib.file_digest(file, "sha256").hexdigest() == wheel.sha256
    if not is_right:
        path.unlink()
    return is_right


def _redirected(lock: str, urls: Mapping[str, str]) -> str:
    """Return a lock in which some wheels have other addresses, and all belong to the same index as before."""
    content = tomllib.loads(lock)
    for package in content["packages"]:
        wheel: dict[str, Any] = next(iter(package.get("wheels", ())), {})
        original, _, file_name = str(wheel.get("url", "")).rpartition("/")
        if original.startswith(("http://", "https://")):
            # Where a lock names no index, uv keys its cache by the address less the file's name.
            package.setdefault("index", original)
        if package["name"] in urls:
            wheel["url"] = f"{urls[package['name']]}/{file_name.partition('#')[0]}"
    return tomli_w.dumps(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    files: Mapping[str, Path]

    def handle_error(self, *_: object) -> None:
        """Say nothing when uv closes a connection."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Send a wheel."""
        file = self.server.files.get(self.path.rpartition("/")[0])
        if file is None:
            self.send_error(404)
            return
        with file.open("rb") as content:
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(os.fstat(content.fileno()).st_size))
            self.end_headers()
            shutil.copyfileobj(content, self.wfile, _PIECE)

    def log_message(self, *_: object) -> None:
        """Write nothing to stderr."""
