"""Parts of a report about what only our files do: any size from the same bytes, no block grid."""

import html
from collections.abc import Sequence

import numpy as np
from PIL import Image

from overtone.codecs.registry import decode
from overtone.evaluate.rate_distortion.report import Section, picture_tag
from overtone.evaluate.rate_distortion.rows import is_native
from overtone.evaluate.rate_distortion.run import Measured, Sample
from overtone.evaluate.rate_distortion.side_by_side import SideBySide, detail_box
from overtone.evaluate.rate_distortion.table import label_of
from overtone.metrics.blockiness import GRID_PX, blockiness_ratio
from overtone.shapes import UInt8

ENLARGEMENT = 4
PERIODS_PX = (GRID_PX, 16, 32, 64)


def own_sections(pictures: SideBySide) -> list[Section]:
    """The sections on enlargement and on blockiness, about one picture."""
    return [
        enlargement_section(pictures.sample, pictures.files),
        blockiness_section(pictures.sample, pictures.files),
    ]


def enlargement_section(sample: Sample, files: Sequence[Measured]) -> Section:
    """The most detailed part four times as large: evaluated by our files, resampled otherwise."""
    left, top, width, height = detail_box(sample.image)
    left, top = left + width // 4, top + height // 4
    width, height = max(1, width // 2), max(1, height // 2)
    box = (left, top, left + width, top + height)
    figures = [
        _figure(_enlarged(sample.image, box), "original pixels, enlarged by Lanczos resampling")
    ]
    for each in files:
        if is_native(each.row.codec):
            pixels = decode(
                each.data,
                crop=(float(left), float(top), float(width), float(height)),
                scale=float(ENLARGEMENT),
            )
            words = f"{label_of(each.row)}: this part of the file decoded at {ENLARGEMENT} times"
        else:
            pixels = _enlarged(each.decoded, box)
            words = f"{label_of(each.row)}: decoded, then enlarged by Lanczos resampling"
        figures.append(_figure(pixels, words))
    return Section(
        f"One file, any size: {width}x{height} pixels of {sample.name} at {ENLARGEMENT} times",
        f'<div class="pictures">{"".join(figures)}</div>',
    )


def blockiness_section(sample: Sample, files: Sequence[Measured]) -> Section:
    """Table of blockiness ratios at every tile size, of the original and of each file."""
    lines = [("original", [blockiness_ratio(sample.image, period_px=p) for p in PERIODS_PX])]
    for each in files:
        name = label_of(each.row)
        lines.append((name, [blockiness_ratio(each.decoded, period_px=p) for p in PERIODS_PX]))
        if is_native(each.row.codec):
            large = decode(each.data, scale=float(ENLARGEMENT))
            ratios = [blockiness_ratio(large, period_px=p, scale=ENLARGEMENT) for p in PERIODS_PX]
            lines.append((f"{name}, decoded at {ENLARGEMENT} times", ratios))
    head = "".join(f"<th>every {period} px</th>" for period in PERIODS_PX)
    body = "".join(
        f"<tr><td>{html.escape(name)}</td>"
        + "".join("<td>–</td>" if ratio is None else f"<td>{ratio:.3f}</td>" for ratio in ratios)
        + "</tr>"
        for name, ratios in lines
    )
    return Section(
        "Blockiness",
        '<p class="note">Gradient energy across the borders of tiles or blocks over that half-way '
        "between them. A grid that shows is well above the original's figure, one that is smeared "
        f"over below it.</p><table><tr><th>borders</th>{head}</tr>{body}</table>",
    )


def _enlarged(
    image: UInt8[np.ndarray, "h w c"], box: tuple[int, int, int, int]
) -> UInt8[np.ndarray, "h2 w2 c"]:
    picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    size = (ENLARGEMENT * (box[2] - box[0]), ENLARGEMENT * (box[3] - box[1]))
    pixels = np.asarray(picture.resize(size, Image.Resampling.LANCZOS, box=box))
    return pixels if pixels.ndim == 3 else pixels[..., None]


def _figure(pixels: UInt8[np.ndarray, "h w c"], words: str) -> str:
    return f"<figure>{picture_tag(pixels, words)}<figcaption>{words}</figcaption></figure>"
