"""The picture in docs/guide/studio.md: the page of `overtone studio` with a photograph compared.

    python tools/draw_studio_guide.py      writes docs/images/studio.png

Needs Playwright and Chromium on the path.
"""

import contextlib
import io
import pathlib
import re
import shutil
import signal
import subprocess
import sys

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).parent.parent
SIZE = {"width": 1040, "height": 690}


def main() -> None:
    """Serves the page, drives it, and writes the picture."""
    command = [sys.executable, "-m", "overtone.cli.start", "studio", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as studio:
        assert studio.stderr is not None
        address = re.search(r"http\S+", studio.stderr.readline())
        assert address is not None
        try:
            data = screenshot(address[0])
        finally:
            studio.send_signal(signal.SIGINT)
    picture = Image.open(io.BytesIO(data), formats=["PNG"]).convert("RGB")
    picture.save(ROOT / "docs" / "images" / "studio.png", optimize=True)


def screenshot(address: str) -> bytes:
    """The page as a PNG file once everything is measured."""
    with contextlib.ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(address)
        page.set_input_files("#open", ROOT / "examples" / "coffee.png")
        page.wait_for_selector("#results tbody tr:nth-child(4)", timeout=120_000)
        page.wait_for_selector("#results:not([aria-busy])")
        data = page.screenshot()
        browser.close()
        return data


if __name__ == "__main__":
    main()
