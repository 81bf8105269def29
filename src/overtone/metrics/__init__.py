"""How close two pictures are, what a file costs, and how two codecs compare."""

from overtone.metrics.base import Metric as Metric
from overtone.metrics.bd_rate import Curve as Curve
from overtone.metrics.bd_rate import bd_rate_percent as bd_rate_percent
from overtone.metrics.psnr import mse as mse
from overtone.metrics.psnr import psnr_db as psnr_db
from overtone.metrics.rate import rate_bpp as rate_bpp
from overtone.metrics.registry import METRICS as METRICS
from overtone.metrics.registry import all_metrics as all_metrics
from overtone.metrics.ssim import ms_ssim as ms_ssim
