"""A package index on loopback with one large wheel, made on the fly, that can break connections."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Size of the file inside the wheel, which cannot be compressed, in bytes.
CONTENT_BYTES = 12_000_000


def wheel_of(name: str) -> bytes:
    """Return a wheel of version 1.0 with a module of that name and a large file."""
    info = f"{name}-1.0.dist-info"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}/content.bin", os.urandom(CONTENT_BYTES))
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return out.getvalue()


class WheelServer(ThreadingHTTPServer):
    """Serves the wheel of ``bigone``.

    Attributes:
        breaks_at: Bytes after which the next connections end, one for each.
        refuses: Whether it answers 404 to requests for the wheel's content.
        is_damaged: Whether it sends a wrong byte.
        continues: Whether it can send the rest of a file.
        starts: The first byte of each request for the wheel's content.
        halfway: Set when a client has received half of the wheel; then the server waits for ``proceed``.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.wheel = wheel_of("bigone")
        self.sha256 = hashlib.sha256(self.wheel).hexdigest()
        self.breaks_at: list[int] = []
        self.refuses = self.is_damaged = self.waits_halfway = False
        self.continues = True
        self.starts: list[int] = []
        self.halfway, self.proceed = threading.Event(), threading.Event()

    @property
    def file_name(self) -> str:
        """The file name of the wheel."""
        return "bigone-1.0-py3-none-any.whl"

    @property
    def root(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Say nothing when a client closes the connection."""


class _Handler(BaseHTTPRequestHandler):
    server: WheelServer
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        """Answer with the index page or the wheel."""
        server = self.server
        if self.path.startswith("/simple/bigone"):
            link = f'<a href="/files/{server.file_name}#sha256={server.sha256}">{server.file_name}</a>'
            self._send(200, link.encode(), "text/html")
        elif self.path == f"/files/{server.file_name}":
            self._send_wheel()
        else:
            self.send_error(404)

    def do_HEAD(self) -> None:
        """Tell the size of the wheel, as PyTorch's index does."""
        self.do_GET()

    def _send(self, status: int, content: bytes, kind: str, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(content))), *headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def _send_wheel(self) -> None:
        server, wheel = self.server, self.server.wheel
        start, _, end = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        if end or self.command == "HEAD":  # uv reads the metadata at the end of the file
            first = int(start) if start else (len(wheel) - int(end) if end else 0)
            last = int(end) if start and end else len(wheel) - 1
            where = (("Content-Range", f"bytes {first}-{last}/{len(wheel)}"),) if end else ()
            part = wheel[first : last + 1]
            self._send(206 if end else 200, part, "application/zip", ("Accept-Ranges", "bytes"), *where)
            return
        if server.refuses:
            self.send_error(404)
            return
        first = int(start) if start and server.continues else 0
        server.starts.append(int(start or 0))
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(wheel) - first))
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(wheel) - 1}/{len(wheel)}")
        self.end_headers()
        content = wheel if not server.is_damaged else wheel[:1000] + bytes([wheel[1000] ^ 1]) + wheel[1001:]
        if server.breaks_at:
            self.wfile.write(content[first : server.breaks_at.pop(0)])
            return
        if server.waits_halfway and not server.proceed.is_set():
            self.wfile.write(content[first : len(content) // 2])
            server.halfway.set()
            server.proceed.wait(60)
            first = max(first, len(content) // 2)
        self.wfile.write(content[first:])

    def log_message(self, *_: object) -> None:
        """Write nothing to stderr."""


@contextmanager
def serving() -> Iterator[WheelServer]:
    """Run a server while the block runs."""
    with WheelServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.proceed.set()
            server.shutdown()
            thread.join()
