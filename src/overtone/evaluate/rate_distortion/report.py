"""A self-contained HTML page: table, curves, and pictures at equal bytes."""

import base64
import dataclasses
import html
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from overtone.evaluate.rate_distortion.plot import curves_svg
from overtone.evaluate.rate_distortion.rows import Row
from overtone.evaluate.rate_distortion.run import Measured
from overtone.evaluate.rate_distortion.side_by_side import SideBySide, detail_box
from overtone.evaluate.rate_distortion.table import (
    RATES_BPP,
    Summary,
    label_of,
    labels_of_others,
    summaries,
)
from overtone.shapes import UInt8

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem;
       color: #212529; background: #fff; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; }
.note { color: #5c636a; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem; text-align: right; border-bottom: 1px solid #dee2e6; }
th:first-child, td:first-child { text-align: left; }
.pictures, .detail { display: grid; gap: 1rem; }
.pictures { grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); }
figure { margin: 0; } figure img { width: 100%; cursor: zoom-in; display: block; }
.detail { grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); margin-top: 1rem; }
.detail img { image-rendering: pixelated; cursor: default; }
figcaption { font-size: .85rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } svg { max-width: 100%; height: auto; }
dialog { border: 0; padding: 0; max-width: 98vw; max-height: 98vh; }
dialog img { display: block; } dialog p { margin: .3rem .6rem; }
"""

SCRIPT = """
const dialog = document.querySelector("dialog");
const shown = dialog.querySelector("img"), words = dialog.querySelector("p");
for (const image of document.querySelectorAll(".pictures img")) {
  image.tabIndex = 0;
  const open = () => {
    const original = image.closest(".pictures").querySelector("img");
    const show = (which) => {
      shown.src = which.src;
      words.textContent = which.alt + " (hold the mouse or the space bar to see the original)";
    };
    show(image);
    dialog.onmousedown = dialog.onkeydown = (event) => {
      if (event.type === "mousedown" || event.key === " ") {
        show(original);
        event.preventDefault();
      }
    };
    dialog.onmouseup = dialog.onkeyup = () => show(image);
    dialog.showModal();
  };
  image.addEventListener("click", open);
  image.addEventListener("keydown", (event) => { if (event.key === "Enter") open(); });
}
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """An extra part of the page; `body` is HTML."""

    title: str
    body: str


def report_html(
    *,
    title: str,
    rows: Sequence[Row],
    rates_bpp: Sequence[float] = RATES_BPP,
    side_by_sides: Sequence[SideBySide] = (),
    sections: Sequence[Section] = (),
) -> str:
    """The page; it needs no other file and no network."""
    newest = max(rows, key=lambda row: row.date)
    images = sorted({row.image for row in rows})
    lead = (
        f"{len(images)} picture{'s' if len(images) > 1 else ''}; measured on {newest.machine}, "
        f"{newest.num_threads} threads; Overtone {newest.commit}, {newest.date}."
    )
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f'<p class="note">{html.escape(lead)} A rate is the length of the whole file; quality is '
        "that of the 8-bit pixels decoded from it.</p>",
        "<h2>Rate and distortion</h2>",
        curves_svg(rows),
        _table(summaries(rows, rates_bpp=rates_bpp), rates_bpp),
        *(_side_by_side(shown_together) for shown_together in side_by_sides),
        *(f"<h2>{html.escape(section.title)}</h2>{section.body}" for section in sections),
        "<dialog><p></p><img alt=''></dialog>",
    ]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body>\n{body}\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def picture_tag(pixels: UInt8[np.ndarray, "h w c"], alt: str) -> str:
    """An `img` element that holds the pixels without loss."""
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    file = io.BytesIO()
    picture.save(file, "WEBP" if max(picture.size) < 16384 else "PNG", lossless=True, method=4)
    kind = "webp" if file.getvalue()[8:12] == b"WEBP" else "png"
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/{kind};base64,{data}">'


def _table(found: Sequence[Summary], rates_bpp: Sequence[float]) -> str:
    head = ["codec", *(f"dB at {rate:g} bpp" for rate in rates_bpp), "BD-rate (mean PSNR)"]
    others = labels_of_others(found)
    head += ["BD-rate (mean MSE)", "BD-rate (MS-SSIM)", *(f"BD-rate ({name})" for name in others)]
    head += ["encode, s", "decode, ms"]
    lines = ["<tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr>"]
    for summary in found:
        cells = [html.escape(summary.label)]
        cells += ["–" if value is None else f"{value:.2f}" for value in summary.psnr_at]
        cells += [
            "–" if value is None else f"{value:+.1f} %"
            for value in (
                summary.bd_psnr_percent,
                summary.bd_mse_percent,
                summary.bd_ms_ssim_percent,
                *(summary.bd_other_percent.get(name) for name in others),
            )
        ]
        for seconds, scale in ((summary.encode_s, 1), (summary.decode_s, 1000)):
            cells.append("–" if seconds is None else f"{scale * seconds:.3g}")
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return (
        f'<div class="scroll"><table>{"".join(lines)}</table></div>'
        '<p class="note">BD-rate: change of rate against JPEG at equal quality, negative is '
        "smaller. Over several pictures a codec that gives every one the same rate looks better by "
        "mean PSNR than by mean squared error, so both are given. Times are medians.</p>"
    )


def _side_by_side(shown_together: SideBySide) -> str:
    sample, files = shown_together.sample, shown_together.files
    size_bytes = len(files[0].data)
    left, top, width, height = detail_box(sample.image)
    shown = [(sample.image, "original", "original")]
    shown += [(each.decoded, label_of(each.row), _caption(each, size_bytes)) for each in files]
    whole = "".join(_figure(pixels, name, caption) for pixels, name, caption in shown)
    detail = "".join(
        _figure(pixels[top : top + height, left : left + width], f"{name}, detail", name)
        for pixels, name, _ in shown
    )
    rate = f"{files[0].row.rate_bpp:.2f}"
    return (
        f"<h2>{html.escape(sample.name)} at {size_bytes:,} bytes ({rate} bpp)</h2>"
        f'<div class="pictures">{whole}</div><div class="detail">{detail}</div>'
    )


def _figure(pixels: UInt8[np.ndarray, "h w c"], alt: str, caption: str) -> str:
    return f"<figure>{picture_tag(pixels, alt)}<figcaption>{caption}</figcaption></figure>"


def _caption(measured: Measured, size_bytes: int) -> str:
    row = measured.row
    ratio = row.size_bytes / size_bytes
    note = "" if 0.97 <= ratio <= 1.03 else f", <strong>{ratio:.2f} times the bytes</strong>"
    return (
        f"<strong>{html.escape(label_of(row))}</strong> {row.size_bytes:,} bytes{note}: "
        f"{row.psnr_db:.2f} dB, MS-SSIM {row.ms_ssim:.4f}"
    )
