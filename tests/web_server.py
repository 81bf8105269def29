"""A web server on this machine that tests tell what to answer, byte by byte if they like."""

from __future__ import annotations

import contextlib
import http.server
import pathlib
import threading
from collections.abc import Iterator

JS = pathlib.Path(__file__).parent.parent / "js"
TYPES = {
    ".css": "text/css",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".wasm": "application/wasm",
}
WAIT_S = 20  # for a test that never lets the rest of a file go


class Site:
    """What is at which path; the npm package is at `js`.

    Attributes:
        url: Address of the root, without a slash at its end.
        answers: Path -> bytes.
        held: Path -> how many bytes go before the rest waits for `release`.
        cut: Paths whose answers break off at `release`.
        asked: Every path that was asked for, in order.
        allows_all: Whether pages of other hosts may read the answers.
    """

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, bytes] = {"/": b"<!doctype html><title>a page</title>"}
        self.held: dict[str, int] = {}
        self.cut: set[str] = set()
        self.asked: list[str] = []
        self.allows_all = False
        self._released = threading.Event()

    def page(self, body: str) -> str:
        """The address of a page with this body."""
        path = f"/page-{len(self.answers)}.html"
        self.answers[path] = f"<!doctype html><html lang=en><body>{body}".encode()
        return self.url + path

    def release(self) -> None:
        """What is held goes on."""
        self._released.set()

    def find(self, path: str) -> bytes | None:
        """The answer to a request."""
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        file = (JS / path.removeprefix("/js/")).resolve()
        is_there = path.startswith("/js/") and file.is_relative_to(JS) and file.is_file()
        return file.read_bytes() if is_there else None

    def wait(self) -> None:
        """Until `release`."""
        self._released.wait(WAIT_S)


class _Handler(http.server.BaseHTTPRequestHandler):
    site: Site  # of a subclass for each server

    def do_GET(self) -> None:
        site = self.site
        path = self.path.partition("?")[0]
        answer = site.find(path)
        self.send_response(200 if answer is not None else 404)
        body = answer or b""
        suffix = ".html" if path.endswith("/") else pathlib.PurePosixPath(path).suffix
        self.send_header("Content-Type", TYPES.get(suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(body)))
        if site.allows_all:
            self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        first = site.held.get(path, len(body))
        with contextlib.suppress(ConnectionError):  # the browser may have left
            self.wfile.write(body[:first])
            self.wfile.flush()
            if first < len(body):
                site.wait()
                if path not in site.cut:
                    self.wfile.write(body[first:])

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def served() -> Iterator[Site]:
    """A site of its own on a free port, for as long as the block lasts."""
    site = Site()
    handler = type("Handler", (_Handler,), {"site": site})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        site.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            site.release()
            server.shutdown()
            thread.join()
