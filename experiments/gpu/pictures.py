"""Stage `pictures`: Deep Fourier Machines fitted to many pictures at once; rows and a file.

First some steps with one network, with some and with many say what fitting together brings; then
pictures are fitted for as long as the stage's time allows, up to the preset's own steps.
"""

import time
from typing import Any

import numpy as np
import torch

from experiments.gpu.needs import has_kernels
from experiments.gpu.stage import Stage, parsed
from overtone.codecs.dfm.config import rd_weight, resolve
from overtone.codecs.dfm.encode import batched, picture_problems, size_of_quality
from overtone.codecs.registry import decode
from overtone.errors import FitError
from overtone.evaluate.provenance import provenance
from overtone.models.compute import card_name, torch_device
from overtone.shapes import UInt8
from overtone.tasks.dfm_batch_fitter import BatchFitter
from overtone.tasks.fit_pictures import fit_pictures

ROWS, FILE = "pictures.jsonl", "picture.ovt"
SIDES = (192, 256)  # height and width; enlarged from smaller ones
COUNTS = {"thesis": (1, 8, 64), "deep": (1, 16)}  # pictures together
WARM_STEPS, MEASURED_STEPS, LONG_STEPS = 2, 20, 2000
QUALITY = 50.0
MARGIN = 0.7  # of the time left, for the long fit
TINY: dict[str, Any] = {"width": 2, "depth": 1}
# The published start and rate would learn nothing in a moment.
QUICK = {"fit.init": "scaled", "fit.init_std": 0.3, "fit.learning_rate": 0.02}


def main() -> None:
    """Speeds of both presets, then the fit."""
    stage, _ = parsed("Fits pictures.")
    ends = time.monotonic() + stage.seconds
    sides = (12, 16) if stage.tiny else SIDES
    images = enlarged(stage.images("train").images[: 2 if stage.tiny else 64], sides)
    rate = 1.0
    for preset, counts in COUNTS.items():
        for count in (1, 2) if stage.tiny else counts:
            row = measured(stage, preset, images[:count])
            rate = row["network_steps_per_s"] if preset == "thesis" else rate
    left = MARGIN * (ends - time.monotonic())
    steps = 60 if stage.tiny else min(LONG_STEPS, int(left * rate / len(images)))
    fitted(stage, images, max(1, steps))


def enlarged(images: UInt8[np.ndarray, "n h w c"], sides: tuple[int, int]) -> np.ndarray:
    """Pictures of another size: what their pixels show changes no time."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    large = torch.nn.functional.interpolate(pixels, sides, mode="bicubic", antialias=True)
    return large.round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous().numpy()


def measured(stage: Stage, preset: str, images: np.ndarray) -> dict[str, Any]:
    """The row of a speed: steps of all networks of so many pictures, computed together."""
    device = torch_device(stage.device)
    config = resolve(preset, "default", TINY if stage.tiny else {})
    size = config.sizes[size_of_quality(config, QUALITY)]
    problems = [
        problem
        for image in images
        for problem in picture_problems(image, config, size, rd_weight(QUALITY))[1]
    ]
    alike = [p for p in problems if p.positions.shape == problems[0].positions.shape]
    settings = batched(config.fit, alike[0])
    fitter = BatchFitter(alike, settings, seeds=range(len(alike)), device=device)
    weights = torch.tensor([p.rate_weight for p in alike], device=device)
    quantiser = "noise" if settings.is_quantised else "none"
    fitter.run(WARM_STEPS, quantiser, weights, settings.step_learning_rate)
    started = time.monotonic()
    errors, _ = fitter.run(MEASURED_STEPS, quantiser, weights, settings.step_learning_rate)
    errors.tolist()  # waits for the card
    seconds = time.monotonic() - started
    row = {
        **described(preset, images),
        "what": "speed",
        "networks": len(alike),
        "num_weights": alike[0].spec.num_weights,
        "pixels_a_step": min(settings.batch_size, alike[0].positions.shape[1]),
        "network_steps_per_s": round(len(alike) * MEASURED_STEPS / seconds, 2),
        "peak_bytes": torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None,
    }
    stage.add_row(ROWS, row | provenance(card_name(device)))
    return row


def described(preset: str, images: np.ndarray) -> dict[str, Any]:
    """What was fitted."""
    count, height, width, _ = images.shape
    return {"suite": "gpu", "preset": preset, "pictures": count, "height": height, "width": width}


def fitted(stage: Stage, images: np.ndarray, steps: int) -> None:
    """The row of a fit of all pictures by the thesis's recipe, and the first one's file."""
    device = torch_device(stage.device)
    settings = {"steps": steps, **(TINY | QUICK if stage.tiny else {})}
    row = {**described("thesis", images), "what": "fit", "steps": steps}
    started = time.monotonic()
    files: list[bytes] = []
    try:
        files = fit_pictures([*images], preset="thesis", settings=settings, device=stage.device)
    except FitError as error:  # steps that the time allows can be too few
        row["note"] = " ".join(str(error).split())
    row["seconds"] = round(time.monotonic() - started, 3)
    if files:
        (stage.out / FILE).write_bytes(files[0])
        row["bytes"] = len(files[0])
    if files and has_kernels():
        errors = [
            np.square(decode(file).astype(float) - image).mean()
            for file, image in zip(files, images, strict=True)
        ]
        row["psnr_db"] = round(float(np.mean(10 * np.log10(255**2 / np.array(errors)))), 3)
    stage.add_row(ROWS, row | provenance(card_name(device)))


if __name__ == "__main__":
    main()
