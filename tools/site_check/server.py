"""Serve a folder as a static host does: compressed, with types and cache headers."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, StaticFileHandler

from site_check.pages import NOT_FOUND

TEN_MINUTES = "max-age=600"
ONE_YEAR = "max-age=31536000, immutable"
VERSION_PARAMETERS = {"v", "digest"}
"""With one of them, an address names the version of its file, as Sphinx and the theme do."""


class StaticHandler(StaticFileHandler):
    """Tornado's handler, with the cache headers of a host and the site's own page for missing addresses."""

    def get_content_type(self) -> str:
        kind = super().get_content_type()
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

    def set_extra_headers(self, path: str) -> None:
        is_versioned = VERSION_PARAMETERS & self.request.query_arguments.keys()
        self.set_header("Cache-Control", ONE_YEAR if is_versioned else TEN_MINUTES)

    def write_error(self, status_code: int, **details) -> None:
        page = Path(self.root, NOT_FOUND)
        self.finish(page.read_bytes() if status_code == HTTPStatus.NOT_FOUND and page.is_file() else b"")


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on localhost while the context lasts, and yield its address."""
    route = ("/(.*)", StaticHandler, {"path": str(folder.resolve()), "default_filename": "index.html"})
    sockets = bind_sockets(0, "127.0.0.1")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> HTTPServer:
        server = HTTPServer(Application([route], compress_response=True, log_function=lambda handler: None))
        server.add_sockets(sockets)
        return server

    async def stop() -> None:
        server.stop()
        await server.close_all_connections()

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield f"http://localhost:{sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
