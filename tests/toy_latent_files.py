"""Rows of files of `dfm-latent` made up for tests."""

from __future__ import annotations

from experiments.latent.rows import CODEC, FILES, STANDARD
from toy_rows import store

from overtone.codecs.dfm_latent.config import rd_weight

DIAL = (18.2, 42.0, 60.2)


def file_row(image="a", quality=42.0, *, variant=STANDARD, effort="default", bits=1.0, **changes):
    """A file on a straight line: 6 dB for each doubling of the rate."""
    rate = bits * 2 ** (DIAL.index(quality) - 1)
    psnr = 30.0 + 6 * (DIAL.index(quality) - 1)
    weight = rd_weight(quality)
    row = {
        **{"suite": "s", "image": image, "image_hash": image, "height": 8, "width": 12},
        **{"codec": CODEC, "preset": None, "effort": effort, "quality": quality},
        **{"target_bpp": None, "size_bytes": round(12 * rate), "rate_bpp": rate},
        **{"psnr_db": psnr, "ms_ssim": 0.9, "encode_s": 80.0, "decode_s": 0.06},
        **{"num_threads": 2, "seed": 0, "version": "v", "commit": "c0ffee1", "machine": "m"},
        **{"date": "2026-01-01T00:00:00Z", "variant": variant, "settings": {}},
        "rd_weight": weight,
        "cost": 1000 * (10 ** (-psnr / 10) + weight * rate),
        "described": {"trunk": "fourier, 5 units", "context": "14 neighbours, 6 features"},
        "prefixes": [[0.1, None], [0.5, psnr - 4], [1.0, psnr]],
    }
    return row | changes


def curve_rows(**words):
    return [file_row(image, q, **words) for image in ("a", "b") for q in DIAL]


def stored(root, rows):
    store(root, FILES.relative_to("experiments"), rows)
    return root
