"""What a person does with the page of the studio, for tests: drop, choose, wait, download, look."""

from __future__ import annotations

import base64
import io
import urllib.error
import urllib.request

import numpy as np
from PIL import Image
from tests.helpers import scene


def png_of(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def drop(page, selector, name, data):
    """Lets a file fall on an element."""
    transfer = page.evaluate_handle(
        """([name, text]) => {
          const transfer = new DataTransfer();
          const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
          transfer.items.add(new File([bytes], name, { type: "image/png" }));
          return transfer;
        }""",
        [name, base64.b64encode(data).decode()],
    )
    page.dispatch_event(selector, "drop", {"dataTransfer": transfer})


def choose(page, selector, name, data):
    page.set_input_files(selector, {"name": name, "mimeType": "image/png", "buffer": data})


def wait_for_results(page):
    page.wait_for_selector("#results tbody tr:nth-child(4)")
    page.wait_for_selector("#results:not([aria-busy])")
    rows = page.locator("#results tbody tr").all()
    return {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows}


def downloaded(page, selector):
    with page.expect_download() as download:
        page.click(selector)
    with open(download.value.path(), "rb") as file:
        return download.value.suggested_filename, file.read()


def canvas_pixels(page, selector):
    """What is drawn in a viewer, RGBA."""
    width, height, text = page.evaluate(
        """(selector) => {
          const canvas = document.querySelector(`${selector} canvas`);
          const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          let text = "";
          for (let at = 0; at < data.length; at += 32768) {
            text += String.fromCharCode(...data.subarray(at, at + 32768));
          }
          return [canvas.width, canvas.height, btoa(text)];
        }""",
        selector,
    )
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)


def striped():
    pixels = scene(90, 150).astype(float)
    pixels += 24 * np.cos(2 * np.pi * np.arange(150) / 3)[None, :, None]
    return np.clip(pixels, 0, 255).astype(np.uint8)


def status_of(address):
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
