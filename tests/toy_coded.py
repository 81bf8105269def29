"""Rows of coded pictures made up for tests."""

from __future__ import annotations

import dataclasses

from overtone.evaluate.rate_distortion.rows import Row


def row(**changes):
    start = Row(
        suite="s",
        image="a",
        image_hash="0",
        height=10,
        width=20,
        codec="jpeg",
        preset=None,
        effort="default",
        quality=50.0,
        target_bpp=None,
        size_bytes=50,
        rate_bpp=2.0,
        psnr_db=30.0,
        ms_ssim=0.9,
        encode_s=0.5,
        decode_s=0.25,
        num_threads=2,
        seed=0,
        version="overtone 0.1.0",
        commit="aaaaaaa",
        machine="m",
        date="2026-01-01T00:00:00Z",
    )
    return dataclasses.replace(start, **changes)
