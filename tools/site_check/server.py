"""Serve a folder as a static host does: compressed, with types and cache headers."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from site_check.pages import NOT_FOUND

TYPES = {
    ".bib": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".ipynb": "application/json",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
OTHER_TYPE = "application/octet-stream"
PACKED = {".gif", ".jpg", ".pdf", ".png", ".webp", ".woff", ".woff2"}
"""Suffixes of files that are already compressed."""
FOR_TEN_MINUTES = "max-age=600"
FOR_A_YEAR = "max-age=31536000, immutable"


class StaticHandler(BaseHTTPRequestHandler):
    """Answer GET and HEAD with the files of a folder."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments, folder: Path):
        self.folder = folder
        super().__init__(*arguments)

    def do_GET(self):
        """Send a file, or say why not."""
        address = urlsplit(self.path)
        path = (self.folder / unquote(address.path).lstrip("/")).resolve()
        if not path.is_relative_to(self.folder):
            self.answer(HTTPStatus.FORBIDDEN)
        elif path.is_dir() and not address.path.endswith("/"):
            self.answer(HTTPStatus.MOVED_PERMANENTLY, Location=f"{address.path}/")
        else:
            self.send_path(path / "index.html" if path.is_dir() else path, address.query)

    do_HEAD = do_GET

    def send_path(self, path: Path, query: str):
        """Send a file, or the site's page for addresses that do not exist."""
        status = HTTPStatus.OK
        if not path.is_file():
            status = HTTPStatus.NOT_FOUND
            path = self.folder / NOT_FOUND
        if not path.is_file():
            self.answer(status)
            return
        accepted = "gzip" in self.headers.get("Accept-Encoding", "") and path.suffix not in PACKED
        stamp = path.stat().st_mtime_ns
        headers = {
            "Content-Type": TYPES.get(path.suffix, OTHER_TYPE),
            "Cache-Control": FOR_A_YEAR if is_versioned(query) else FOR_TEN_MINUTES,
            "ETag": f'"{stamp:x}{"-gzip" if accepted else ""}"',
            "Vary": "Accept-Encoding",
        }
        if accepted:
            headers["Content-Encoding"] = "gzip"
        if self.headers.get("If-None-Match") == headers["ETag"]:
            self.answer(HTTPStatus.NOT_MODIFIED, **headers)
        else:
            self.answer(status, compressed(path, stamp) if accepted else path.read_bytes(), **headers)

    def answer(self, status: HTTPStatus, content: bytes = b"", **headers: str):
        """Send a status, headers and a body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *arguments):
        """Say nothing: the browser reports what fails."""


def is_versioned(query: str) -> bool:
    """Tell whether an address names the version of its file, as Sphinx and the theme do."""
    return query.startswith(("v=", "digest="))


@cache
def compressed(path: Path, stamp: int) -> bytes:
    """Compress a file once for each time at which it was written."""
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


@contextmanager
def serve(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve a folder on localhost while the context lasts, and yield its address."""
    handler = partial(StaticHandler, folder=folder.resolve())
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
