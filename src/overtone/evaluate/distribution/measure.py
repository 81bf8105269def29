"""Distances of samples from real images, with the floor that real images themselves have."""

import dataclasses
import hashlib
import io
import pathlib
from collections.abc import Callable

import numpy as np
from PIL import Image

import overtone
from overtone.data import ImageSet
from overtone.errors import ConfigError, DataError
from overtone.evaluate.distribution.rows import Compared, DistributionRow, SampleSource
from overtone.evaluate.provenance import commit, machine, now
from overtone.files import write_atomically
from overtone.metrics.distribution.features.base import AbstractFeatureNetwork, Features
from overtone.metrics.distribution.registry import DISTRIBUTION_METRICS
from overtone.models.base import ProgressCallback
from overtone.models.compute import card_name
from overtone.shapes import UInt8

JPEG_QUALITY = 75
MIN_IMAGES = 50  # fewer give no number worth printing
FEW_IMAGES = 5000  # below, the bias of distances by the count is large


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSet:
    """The real images that samples are compared with, and the feature network that compares.

    Attributes:
        images: The real images.
        network: Turns images into features.
        other_split: Real images of the same data that are not among `images`; None if there are
            none.
        seed: Seed for the choice of images.
        num_nearest: Images of either set, chosen by the seed, that metrics of all pairs look at;
            all of them if None.
        cache: Folder where features of real images are kept between calls; None keeps nothing.
        extract: Computes features elsewhere, as `network.extract` does here; called with images and
            `progress=`.

    Raises:
        ImageError: The images are not what the feature network takes.
    """

    network: AbstractFeatureNetwork
    images: ImageSet
    other_split: ImageSet | None = None
    seed: int = 0
    num_nearest: int | None = None
    cache: pathlib.Path | None = None
    extract: Callable[..., Features] | None = None

    def __post_init__(self) -> None:
        self.network.check(*self.images.images.shape[1:])

    def features_of(
        self, images: UInt8[np.ndarray, "n h w c"], progress: Callable[[int], None]
    ) -> Features:
        """What the network says about images, wherever it computes."""
        return (self.extract or self.network.extract)(images, progress=progress)


def measure_samples(
    samples: UInt8[np.ndarray, "n h w c"],
    reference_set: ReferenceSet,
    *,
    source: SampleSource,
    with_floors: bool = True,
    progress: ProgressCallback | None = None,
) -> list[DistributionRow]:
    """The row of the samples, then those of the floors: what real images score.

    Floors: two random halves of the reference; as many images of the other split as there are
    samples, if there is one with so many; the reference through JPEG files of quality 75.

    Args:
        samples: 8-bit images of the reference's height, width and channels.
        reference_set: Real images and feature network.
        source: Where the samples come from.
        with_floors: Off for another set of as many samples, whose floors would be the same.
        progress: Called with the fraction done and a message.

    Raises:
        ConfigError: Sizes or channels differ, or there are fewer than 50 samples.
        DataError: The reference has fewer than 50 images.
    """
    reference = reference_set.images
    _check(samples, reference_set)
    reals = _real_sets(len(samples), reference_set) if with_floors else {}
    total = len(samples) + len(reference) + sum(map(len, reals.values()))
    meter = _Meter(progress, total)
    real = _cached(reference_set, reference.images, meter)
    drawn = reference_set.features_of(samples, meter.within(len(samples)))
    rows = [_row("samples", drawn, real, reference_set, source)]
    if with_floors:
        half = min(len(reference) // 2, len(samples))
        order = np.random.default_rng(reference_set.seed).permutation(len(reference))
        first, second = real[order[:half]], real[order[half : 2 * half]]
        rows.append(_row("halves", first, second, reference_set, source))
    for compared, images in reals.items():
        rows.append(
            _row(compared, _cached(reference_set, images, meter), real, reference_set, source)
        )
    return rows


def _real_sets(
    num_samples: int, reference_set: ReferenceSet
) -> dict[Compared, UInt8[np.ndarray, "n h w c"]]:
    """Real images other than the reference's own, to be compared with it."""
    sets: dict[Compared, UInt8[np.ndarray, "n h w c"]] = {}
    other = reference_set.other_split
    if other is not None and len(other) >= num_samples:
        rng = np.random.default_rng(reference_set.seed)
        chosen = rng.choice(len(other), num_samples, replace=False)
        sets["other-split"] = other.images[np.sort(chosen)]
    sets["jpeg-75"] = through_jpeg(reference_set.images.images)
    return sets


def warnings_of(num_samples: int, num_reference: int, num_features: int) -> list[str]:
    """What a reader of the numbers must know about the counts, a sentence each."""
    found = []
    if num_samples != num_reference:
        found.append(
            f"{num_samples} samples are compared with {num_reference} real images; distances fall "
            "with either count, so compare only with numbers of the same counts"
        )
    least = min(num_samples, num_reference)
    if least < FEW_IMAGES:
        found.append(
            f"{least} images are few: the Fréchet distance is biased upwards, as the floor shows"
        )
    if least <= num_features:
        found.append(
            f"the covariance of {num_features} features from {least} images has no full rank"
        )
    return found


def through_jpeg(images: UInt8[np.ndarray, "n h w c"]) -> UInt8[np.ndarray, "n h w c"]:
    """Each image written as a JPEG file of quality 75 and read again."""
    decoded = np.empty_like(images)
    mode = "L" if images.shape[3] == 1 else "RGB"
    for number, image in enumerate(images):
        buffer = io.BytesIO()
        Image.fromarray(image.squeeze(2) if mode == "L" else image).save(
            buffer, "JPEG", quality=JPEG_QUALITY
        )
        pixels = np.asarray(Image.open(buffer, formats=["JPEG"]).convert(mode))
        decoded[number] = pixels.reshape(image.shape)
    return decoded


def _check(samples: UInt8[np.ndarray, "n h w c"], reference_set: ReferenceSet) -> None:
    reference = reference_set.images
    (height, width, channels), wanted = samples.shape[1:], reference.images.shape[1:]
    if (height, width, channels) != wanted:
        raise ConfigError(
            f"the samples are {width}x{height} with {channels} channels, {reference.name} is "
            f"{wanted[1]}x{wanted[0]} with {wanted[2]}; give size and channels to load the "
            "reference like the samples"
        )
    needed = f"at least {MIN_IMAGES} images are needed"
    if len(reference) < MIN_IMAGES:
        raise DataError(
            f"{reference.name}: {needed}, found {len(reference)}; take more data, or another split"
        )
    if len(samples) < MIN_IMAGES:
        raise ConfigError(f"samples: {needed}, got {len(samples)}; take more of them")


def _row(
    compared: Compared,
    samples: Features,
    reference: Features,
    reference_set: ReferenceSet,
    source: SampleSource,
) -> DistributionRow:
    values, errors = {}, {}
    limit = reference_set.num_nearest
    for number, metric in enumerate(DISTRIBUTION_METRICS):
        rng = np.random.default_rng((reference_set.seed, number))
        one, other = samples, reference
        if metric.compares_pairs and limit is not None:
            one, other = (each[rng.permutation(len(each))[:limit]] for each in (one, other))
        found = metric.measure(samples=one, reference=other, rng=rng)
        for name, estimate in zip(metric.names, found, strict=True):
            values[name] = estimate.value
            if estimate.error is not None:
                errors[name] = estimate.error
    return DistributionRow(
        compared=compared,
        source=source,
        reference=reference_set.images.name,
        reference_hash=reference_set.images.fingerprint(),
        num_samples=len(samples),
        num_reference=len(reference),
        features=reference_set.network.name,
        weights_hash=reference_set.network.weights_hash,
        values=values,
        errors=errors,
        num_nearest=limit,
        seed=reference_set.seed,
        version=f"overtone {overtone.__version__}",
        commit=commit(),
        machine=machine(card_name(reference_set.network.device)),
        date=now(),
    )


def _cached(
    reference_set: ReferenceSet, images: UInt8[np.ndarray, "n h w c"], meter: "_Meter"
) -> Features:
    """Features of real images, from the cache if they are there."""
    report = meter.within(len(images))
    if reference_set.cache is None:
        return reference_set.features_of(images, report)
    digest = hashlib.sha256(repr(images.shape).encode() + images.tobytes()).hexdigest()[:16]
    network = reference_set.network
    path = reference_set.cache / f"{network.name}-{network.weights_hash}-{digest}.npz"
    if path.exists():
        with np.load(path) as stored:
            found = Features(stored["pooled"], stored["probabilities"], stored["spatial"])
        report(len(images))
        return found
    found = reference_set.features_of(images, report)
    reference_set.cache.mkdir(parents=True, exist_ok=True)
    file = io.BytesIO()
    np.savez(file, pooled=found.pooled, probabilities=found.probabilities, spatial=found.spatial)
    write_atomically(path, file.getvalue())
    return found


class _Meter:
    """One progress bar over several sets of images."""

    def __init__(self, progress: ProgressCallback | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._before = 0

    def within(self, count: int) -> Callable[[int], None]:
        """What to call with the number of images done of the next set."""
        start = self._before
        self._before += count

        def report(done: int) -> None:
            if self._progress is not None:
                self._progress((start + done) / self._total, f"{start + done} images")

        return report
