"""The table of metrics that rows, reports and the conformance tests go through."""

from overtone.metrics.base import Metric
from overtone.metrics.psnr import psnr_db
from overtone.metrics.ssim import ms_ssim

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="psnr_db",
            label="PSNR",
            unit="dB",
            best=float("inf"),
            higher_is_better=True,
            fn=psnr_db,
        ),
        Metric(
            name="ms_ssim", label="MS-SSIM", unit="", best=1.0, higher_is_better=True, fn=ms_ssim
        ),
    )
}
