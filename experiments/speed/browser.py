"""Decoding in a browser against decoding natively, the same files, one thread each, taking turns.

    python -m experiments.speed.browser path/to/kodak --limit 4 --out rows.jsonl

A headless Chromium runs the module with vectors of `js/` (`make wasm`) by the function that pages
call, `decode`, whose time is taken in the page: to the worker and back, to pixels of four channels.
The native time is that of `overtone.decode` on one thread. The first decodes of each do not
count: browsers compile a module quickly at first, and what is hot again while it runs.
"""

import argparse
import base64
import contextlib
import functools
import gzip
import http.server
import json
import pathlib
import shutil
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import overtone
from experiments.harness.records import write_records
from overtone.errors import ConfigError, OvertoneError
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture

JS = pathlib.Path(__file__).parents[2] / "js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
PICTURES = (".png", ".ppm", ".bmp", ".tif", ".tiff", ".webp")
# Codec -> how its files are made.
PRESETS: dict[str, dict[str, Any]] = {
    "tiled-dct": {"quality": 50.0, "effort": "default"},
    "dfm": {"quality": 50.0, "effort": "fast"},
    "sparse-dct": {"quality": 75.0, "effort": "default"},
}
WARM_UPS = 3
LOAD = """async (base64) => {
  window.overtone ??= await import("/index.js");
  window.bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
}"""
DECODE = """async () => {
  const start = performance.now();
  const { width, height } = await overtone.decode(bytes);
  return { ms: performance.now() - start, width, height };
}"""


def main() -> None:
    """Parses, measures, prints the table and one JSON line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("pictures", type=pathlib.Path, help="folder of pictures")
    parser.add_argument("--limit", type=int, default=4, help="measure this many pictures")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--out", type=pathlib.Path, help="write the JSON rows here")
    arguments = parser.parse_args()
    try:
        paths = pictures_in(arguments.pictures, arguments.limit)
        rows = measured(paths, arguments.repeats)
    except (OvertoneError, OSError) as error:
        parser.exit(1, f"error: {error}\n")
    print(f"{'codec':>12} {'picture':>16} {'native, ms':>12} {'browser, ms':>12} {'ratio':>7}")
    for row in rows:
        print(
            f"{row['codec']:>12} {row['picture']:>16} {row['native_ms']:12.1f} "
            f"{row['browser_ms']:12.1f} {row['ratio']:7.2f}"
        )
    if arguments.out:
        write_records(arguments.out, rows)
    ratios = {
        codec: round(statistics.median(r["ratio"] for r in rows if r["codec"] == codec), 2)
        for codec in PRESETS
    }
    print(json.dumps({"ratio": ratios, "fetched_bytes": fetched_by_codec(rows)}))


def fetched_by_codec(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """What a page with a file of a codec fetches, compressed bytes."""
    return {row["codec"]: row["fetched_bytes"] for row in rows}


def pictures_in(folder: pathlib.Path, limit: int) -> list[pathlib.Path]:
    """The first pictures of a folder, by name.

    Raises:
        ConfigError: It has none.
    """
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)[:limit]
    if not found:
        raise ConfigError(f"{folder} has no pictures ({', '.join(PICTURES)})")
    return found


def measured(paths: Sequence[pathlib.Path], repeats: int) -> list[dict[str, Any]]:
    """A row for each codec and picture."""
    rows = []
    with served_package() as (url, asked), headless() as browser:
        for codec, preset in PRESETS.items():
            for path in paths:
                image = read_picture(str(path)).pixels[:, :, :3]
                data = overtone.encode(image, codec=codec, **preset)
                asked.clear()
                page = browser.new_page()  # with nothing in its cache
                page.goto(url)
                page.evaluate(LOAD, base64.b64encode(data).decode())
                seconds = by_turns(page, data, image.shape, repeats)
                page.close()
                native_s, browser_s = (statistics.median(each) for each in seconds)
                row = {
                    "suite": "browser",
                    "codec": codec,
                    "preset": f"quality {preset['quality']:g}, effort {preset['effort']}",
                    "picture": path.name,
                    "width": image.shape[1],
                    "height": image.shape[0],
                    "size_bytes": len(data),
                    "native_ms": round(1e3 * native_s, 2),
                    "browser_ms": round(1e3 * browser_s, 2),
                    "ratio": round(browser_s / native_s, 3),
                    "fetched_bytes": compressed_bytes(asked),
                    "repeats": repeats,
                    "warm_ups": WARM_UPS,
                    **provenance(),
                }
                rows.append(row)
    return rows


def by_turns(
    page: Any, data: bytes, shape: tuple[int, ...], repeats: int
) -> tuple[list[float], list[float]]:
    """Seconds of native decodes and of decodes in the page, after those that warm up."""
    native, browser = [], []
    for _ in range(WARM_UPS + repeats):
        start = time.perf_counter()
        overtone.decode(data, num_threads=1)
        native.append(time.perf_counter() - start)
        result = page.evaluate(DECODE)
        assert (result["height"], result["width"]) == shape[:2]
        browser.append(result["ms"] / 1e3)
    return native[WARM_UPS:], browser[WARM_UPS:]


def compressed_bytes(paths: Sequence[str]) -> int:
    """What these files of the package take as a server sends them, each by `gzip -9`."""
    files = sorted({path.lstrip("/") for path in paths})
    return sum(
        len(gzip.compress((JS / name).read_bytes(), 9, mtime=0))
        for name in files
        if (JS / name).is_file()
    )


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, asked: list[str], *arguments: Any) -> None:
        self.asked = asked
        types = {".js": "text/javascript", ".wasm": "application/wasm"}
        self.extensions_map = {**self.extensions_map, **types}
        super().__init__(*arguments, directory=str(JS))

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>measuring</title>")
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def served_package() -> Iterator[tuple[str, list[str]]]:
    """The address of the package on this machine, and the paths that were asked for."""
    if not (JS / "wasm" / "ovt-simd.wasm").exists():
        raise ConfigError(f"{JS}/wasm has no modules; run make wasm")
    asked: list[str] = []
    handler = functools.partial(_Handler, asked)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
        server.shutdown()


@contextlib.contextmanager
def headless() -> Iterator[Any]:
    """A browser without a window."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise ConfigError("no Chromium on the path (Debian/Ubuntu: apt install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise ConfigError("no Playwright; pip install playwright") from error
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


if __name__ == "__main__":
    main()
