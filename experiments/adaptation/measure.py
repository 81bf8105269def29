"""Does `overtone edit --match FOLDER` bring pictures nearer to another set? Rows in rows/.

    python -m experiments.adaptation.measure CIFAR10 [--photo32 PHOTO32] --features color32

Test pictures of CIFAR-10 are spoiled in several ways, or come from another data set, and are given
the colours and the spectrum of training pictures: together as a set, and each by itself. The
distance is to other training pictures, in a feature network; `color32` was trained to classify
CIFAR-10, so that the share it gets right says what a classifier gains. Rows that are there are
skipped; the last line is JSON.
"""

import argparse
import io
import json
import pathlib
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image, ImageFilter

import overtone
from experiments.adaptation import page
from experiments.harness.records import append_record
from overtone.data import ImageSet, load_images
from overtone.editing.edit import edit
from overtone.editing.set_match import SetMatch, set_spectrum
from overtone.evaluate.provenance import provenance
from overtone.metrics.distribution.features.base import AbstractFeatureNetwork
from overtone.metrics.distribution.features.registry import get_feature_network
from overtone.metrics.distribution.frechet import frechet_distance
from overtone.metrics.distribution.kernel import kernel_distance

OUT = pathlib.Path(page.ROWS)
Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def main() -> None:
    """Parses the command line and adds what is missing."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("data", help="CIFAR-10")
    parser.add_argument("--photo32", help="photographs of 32x32 pixels, as another source")
    parser.add_argument("--features", default="color32")
    parser.add_argument("--feature-weights")
    parser.add_argument("--count", type=int, default=2000, help="pictures of each set")
    parser.add_argument("--sources", default=",".join(page.SOURCES))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = get_feature_network(arguments.features, arguments.feature_weights)
    train, test = (load_images(arguments.data, split=split) for split in ("train", "test"))
    rng = np.random.default_rng(0)
    order = rng.permutation(len(train))[: 2 * arguments.count]
    learned_from, reference = train.subset(order[::2]), train.subset(order[1::2])
    wanted = set_spectrum(learned_from.images)
    reference_features = network.features(reference.images)
    for name in arguments.sources.split(","):
        if name == "photo32" and arguments.photo32 is None:
            continue
        missing = missing_maps(name, arguments)
        if not missing:
            continue
        source = source_of(name, test, arguments)
        for how in missing:
            pictures = matched(source.images, how, wanted)
            row = measured(network, pictures, source, reference_features)
            add_row(name, how, row, arguments, network)
    rows = page.read(pathlib.Path())
    print(json.dumps({"benchmark": "adaptation", "rows": len(rows)}))


def missing_maps(name: str, arguments: argparse.Namespace) -> list[str]:
    """The ways to match of which there is no row."""
    known = {
        row["match"]
        for row in page.read(pathlib.Path())
        if (row["source"], row["features"], row["count"])
        == (name, arguments.features, arguments.count)
    }
    hows = page.MAPS if name != "clean" else ("none", "set", "each")
    return [how for how in hows if how not in known]


def source_of(name: str, test: ImageSet, arguments: argparse.Namespace) -> ImageSet:
    """The pictures to be matched: spoiled test pictures, or photographs."""
    if name == "photo32":
        photographs = load_images(arguments.photo32, split="train")
        chosen = np.random.default_rng(1).permutation(len(photographs))[: arguments.count]
        return photographs.subset(chosen)
    rng = np.random.default_rng(1)
    clean = test.subset(rng.permutation(len(test))[: arguments.count])
    spoiled = np.stack([SPOILED[name](picture, rng) for picture in clean.images])
    return ImageSet(f"{test.name}/{name}", spoiled, clean.labels, clean.class_names)


def matched(pictures: np.ndarray, how: str, wanted: object) -> np.ndarray:
    """The pictures as they are, matched as a set, or each by itself."""
    if how == "none":
        return pictures
    own = set_spectrum(pictures) if how == "set" else None
    match = SetMatch(wanted, own)  # type: ignore[arg-type]
    return np.stack([edit(picture, match=match) for picture in pictures])


def measured(
    network: AbstractFeatureNetwork,
    pictures: np.ndarray,
    source: ImageSet,
    reference_features: np.ndarray,
) -> dict[str, object]:
    """Distances to the reference, and the share of right answers where there are such."""
    found = network.extract(pictures)
    kernel = kernel_distance(
        samples=found.pooled, reference=reference_features, rng=np.random.default_rng(2)
    )
    is_right = None
    if network.name == "color32" and source.labels is not None:
        is_right = float((found.probabilities.argmax(1) == source.labels).mean())
    return {
        "frechet": frechet_distance(samples=found.pooled, reference=reference_features),
        "kernel": kernel.value,
        "kernel_error": kernel.error,
        "accuracy": is_right,
    }


def add_row(
    name: str,
    how: str,
    values: dict[str, object],
    arguments: argparse.Namespace,
    network: AbstractFeatureNetwork,
) -> None:
    row = {
        "source": name,
        "match": how,
        **values,
        "features": arguments.features,
        "feature_weights": network.weights_hash,
        "count": arguments.count,
        "version": overtone.__version__,
        **provenance(),
    }
    append_record(OUT, row)
    print(f"{name:9s} {how:5s} {values}", flush=True)


def _blurred(radius_px: float) -> Change:
    def change(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        del rng
        return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius_px)))

    return change


def _recoloured(factors: tuple[float, ...], offset: tuple[float, ...]) -> Change:
    def change(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        del rng
        return np.clip(np.rint(picture * np.array(factors) + offset), 0, 255).astype(np.uint8)

    return change


def _jpeg(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    del rng
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=10)
    return np.asarray(Image.open(buffer, formats=("JPEG",)))


def _noisy(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    levels = picture + rng.normal(0, 15, picture.shape)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def _mixed_blur(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _blurred(float(rng.choice([0.0, 1.2])))(picture, rng)


SPOILED: dict[str, Change] = {
    "clean": lambda picture, rng: picture,
    "blur": _blurred(0.8),
    "cast": _recoloured((0.7, 0.9, 1.0), (40, 0, -20)),
    "faded": _recoloured((0.4, 0.4, 0.4), (90, 90, 90)),
    "jpeg": _jpeg,
    "noise": _noisy,
    "half-blur": _mixed_blur,
}


if __name__ == "__main__":
    main()
