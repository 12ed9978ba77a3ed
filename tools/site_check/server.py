"""Serve a folder as a static host does: compressed, with types and cache headers."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, StaticFileHandler

from site_check.pages import NOT_FOUND

TEN_MINUTES = 600
A_YEAR = 365 * 24 * 3600


class SiteHandler(StaticFileHandler):
    """Answer with the files of the site, and with its own page for addresses that do not exist."""

    def get_content_type(self) -> str:
        kind = super().get_content_type()
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

    def set_extra_headers(self, path: str) -> None:
        """Let browsers keep for a year what names its version in the address, as Sphinx and the theme do."""
        versioned = self.get_argument("v", None) or self.get_argument("digest", None)
        self.set_header("Cache-Control", f"max-age={A_YEAR}, immutable" if versioned else f"max-age={TEN_MINUTES}")

    def write_error(self, status_code: int, **options) -> None:
        page = Path(self.root, NOT_FOUND)
        if status_code == 404 and page.is_file():
            self.finish(page.read_bytes())
        else:
            super().write_error(status_code, **options)


@contextmanager
def serve(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve a folder on localhost while the context lasts, and yield its address."""
    files = (r"/(.*)", SiteHandler, {"path": str(folder.resolve()), "default_filename": "index.html"})
    sockets = bind_sockets(port, "127.0.0.1")
    stop = asyncio.Event()
    loop = asyncio.new_event_loop()

    async def answer() -> None:
        server = HTTPServer(Application([files], compress_response=True, log_function=lambda handler: None))
        server.add_sockets(sockets)
        await stop.wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=loop.run_until_complete, args=[answer()], daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
