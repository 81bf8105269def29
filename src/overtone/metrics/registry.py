"""The table of metrics that rows, reports and the conformance tests go through."""

from overtone import plugins
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


def all_metrics() -> dict[str, Metric]:
    """The table with the metrics of other packages after it.

    Raises:
        ConfigError: One of these packages is broken, or brings a name of the table.
    """
    return METRICS | {name: metric_of_package(name) for name in plugins.names_in(plugins.METRICS)}


def metric_of_package(name: str) -> Metric:
    """The metric that another package brings under a name.

    Raises:
        ConfigError: The package is broken, or brings a name of the table.
    """
    metric = plugins.load(plugins.METRICS, name)
    if not isinstance(metric, Metric) or metric.name != name or name in METRICS:
        wanted = f"a Metric with the name {name}, and no name of Overtone's own"
        raise plugins.expected(plugins.METRICS, name, metric, wanted)
    return metric
