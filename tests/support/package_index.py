"""A package index on loopback that serves wheels made on the fly, and fails in the ways that indexes fail."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from packaging.tags import parse_tag

_JSON = "application/vnd.pypi.simple.v1+json"


@dataclass
class Wheel:
    """A wheel of the index. ``metadata`` is its core metadata, ``data`` its bytes."""

    name: str
    file: str
    metadata: bytes
    data: bytes
    sha256: str


@dataclass
class PackageIndex:
    """What the server answers. A test changes it while the server runs.

    Attributes:
        url: The address of the index.
        wheels: What it has, by the name of the file.
        tells_sizes: Whether its pages name the sizes of the files.
        tells_length: Whether it answers a HEAD request for a file with the length.
        password: The name and password that it wants, as ``name:password``; none if empty.
        announced: Sizes with which it answers a HEAD request in place of the true ones, by file.
        breaks_off: Files that end in the middle, and how many bytes are sent.
        stalls: Files that stop in the middle, which sets ``stalled``, until ``released`` is set.
        requests: The method and path of each request.
    """

    url: str = ""
    wheels: dict[str, Wheel] = field(default_factory=dict)
    tells_sizes: bool = True
    tells_length: bool = True
    password: str = ""
    announced: dict[str, int] = field(default_factory=dict)
    breaks_off: dict[str, int] = field(default_factory=dict)
    stalls: set[str] = field(default_factory=set)
    stalled: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def add(
        self,
        name: str,
        version: str = "1.0",
        *,
        requires: Sequence[str] = (),
        modules: Mapping[str, str] | None = None,
        tag: str = "py3-none-any",
        extra_bytes: int = 0,
        files: Mapping[str, bytes] | None = None,
    ) -> Wheel:
        """Add a wheel with a module of its name, and return it.

        Args:
            name: the distribution.
            version: its version.
            requires: what it depends on, as in PEP 508.
            modules: source texts by the name of the module; one with the version if None.
            tag: what it runs on.
            extra_bytes: how much larger it is made by a file that cannot be compressed.
            files: more files, by their path; programs are executable.
        """
        plain = name.replace("-", "_")
        info = f"{plain}-{version}.dist-info"
        extras = sorted({each.partition("extra ==")[2].strip(" '\"") for each in requires if "extra ==" in each})
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {each}" for each in requires]
        metadata = "\n".join([*lines, ""]).encode()
        sources = {plain: f"__version__ = {version!r}\n"} if modules is None else modules
        contents = {f"{module}.py": text.encode() for module, text in sources.items()} | dict(files or {})
        tags = sorted(f"Tag: {each}" for each in parse_tag(tag))
        if extra_bytes:
            contents[f"{plain}_data/noise"] = os.urandom(extra_bytes)
        contents[f"{info}/METADATA"] = metadata
        contents[f"{info}/WHEEL"] = "\n".join(["Wheel-Version: 1.0", "Root-Is-Purelib: true", *tags, ""]).encode()
        data = _archive(contents, f"{info}/RECORD")
        wheel = Wheel(name, f"{plain}-{version}-{tag}.whl", metadata, data, hashlib.sha256(data).hexdigest())
        self.wheels[wheel.file] = wheel
        return wheel

    def downloads(self, wheel: Wheel) -> int:
        """Return how often a wheel was asked for."""
        return sum(method == "GET" and path.endswith(f"/{wheel.file}") for method, path in self.requests)


@contextmanager
def package_index() -> Iterator[PackageIndex]:
    """Serve an empty index until the block ends."""
    index = PackageIndex()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"index": index}))
    index.url = f"http://127.0.0.1:{server.server_address[1]}/simple"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield index
    finally:
        index.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Print nothing: the other side may end in the middle."""


class _Handler(BaseHTTPRequestHandler):
    index: PackageIndex

    def do_GET(self) -> None:
        self._answer(has_body=True)

    def do_HEAD(self) -> None:
        self._answer(has_body=False)

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def _answer(self, *, has_body: bool) -> None:
        path = urlsplit(self.path).path
        self.index.requests.append((self.command, path))
        wanted = base64.b64encode(self.index.password.encode()).decode()
        if wanted and self.headers.get("Authorization") != f"Basic {wanted}":
            self._send(HTTPStatus.UNAUTHORIZED, "text/plain", b"", {"WWW-Authenticate": "Basic"})
            return
        match path.strip("/").split("/"):
            case ["simple", name]:
                self._page(name)
            case ["files", file] if file.endswith(".metadata"):
                self._send(HTTPStatus.OK, "text/plain", self.index.wheels[file.removesuffix(".metadata")].metadata)
            case ["files", file] if file in self.index.wheels:
                self._file(self.index.wheels[file], has_body=has_body)
            case _:
                self._send(HTTPStatus.NOT_FOUND, "text/plain", b"")

    def _page(self, name: str) -> None:
        wheels = [wheel for wheel in self.index.wheels.values() if wheel.name == name]
        if not wheels:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"")
        elif self.index.tells_sizes:
            content = {"meta": {"api-version": "1.1"}, "name": name, "files": [self._entry(each) for each in wheels]}
            self._send(HTTPStatus.OK, _JSON, json.dumps(content).encode())
        else:
            links = (
                f'<a href="/files/{each.file}#sha256={each.sha256}" data-core-metadata="true">{each.file}</a><br>'
                for each in wheels
            )
            self._send(
                HTTPStatus.OK, "text/html", f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()
            )

    def _entry(self, wheel: Wheel) -> dict[str, object]:
        return {
            "filename": wheel.file,
            "url": f"/files/{wheel.file}",
            "hashes": {"sha256": wheel.sha256},
            "core-metadata": True,
            "size": len(wheel.data),
        }

    def _file(self, wheel: Wheel, *, has_body: bool) -> None:
        size = len(wheel.data) if has_body else self.index.announced.get(wheel.file, len(wheel.data))
        length = {"Content-Length": str(size)} if has_body or self.index.tells_length else {}
        self.send_response(HTTPStatus.OK)
        for name, value in {
            "Content-Type": "application/zip",
            "Cache-Control": "immutable, max-age=9999",
            **length,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if not has_body:
            return
        sent = self.index.breaks_off.get(wheel.file, len(wheel.data))
        if wheel.file in self.index.stalls:
            sent //= 2
            self.wfile.write(wheel.data[:sent])
            self.wfile.flush()
            self.index.stalled.set()
            self.index.released.wait()
            self.wfile.write(wheel.data[sent:])
            return
        self.wfile.write(wheel.data[:sent])

    def _send(self, status: HTTPStatus, kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def _archive(files: Mapping[str, bytes], record: str) -> bytes:
    """Return a zip file with the files and their RECORD (the binary distribution format)."""
    rows = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(data)}\n")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in {**files, record: "".join([*rows, f"{record},,\n"]).encode()}.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100755 if "/bin/" in name else 0o100644) << 16
            archive.writestr(entry, data)
    return buffer.getvalue()
