"""`overtone evaluate`: how far samples are from real pictures, and how far real ones are."""

import pathlib
import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from overtone.cli.arguments import Count, Device, Output, Quiet, Seed, Size, Threads
from overtone.cli.exits import EXIT_DONE

if TYPE_CHECKING:
    from overtone.data import ImageSet


def evaluate(
    samples: Annotated[str, Parameter(name="MODEL")],
    /,
    *,
    reference: str,
    split: Literal["train", "test", "all"] = "test",
    features: str = "gray28",
    feature_weights: str | None = None,
    num_images: Annotated[Count, Parameter(name=["--num-images", "-n"])] = 10_000,
    prior: str | None = None,
    temperature: float = 1.0,
    size: Size = None,
    channels: Literal[1, 3] | None = None,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    output: Output = None,
    cache: str | None = None,
    quiet: Quiet = False,
) -> int:
    """Measure samples against real pictures: distances, precision, recall, and their floors.

    Every number comes with the feature network, the counts and the reference, and beside it stand
    the numbers of real pictures: two halves of the reference, the other split of the data, and the
    reference through JPEG. Distances fall with the counts; compare only equal ones.

    Example: overtone evaluate fashion-mnist --reference path/to/fashion-mnist

    Args:
        samples: Name of a model that comes with the package, its file, the folder of a run, or
            pictures: a folder or .npz.
        reference: Real pictures, anything `overtone train` takes.
        split: Which part of the reference.
        features: Feature network: gray28 (28x28 gray), efficientnet-lite0 or inception.
        feature_weights: File of the network's weights, where the package does not bring them.
        num_images: Samples to draw, or to choose from the pictures.
        prior: Distribution to draw from; the model's default if not given.
        temperature: Spread of the samples; 1 is what was learned.
        size: WxH in pixels the reference is resized and cropped to; as stored by default.
        channels: Channels of the reference, 1 or 3; as stored by default.
        seed: Seed of the samples and of every choice.
        device: Where the model that draws computes; auto is cuda where there is a card.
        threads: Number of worker threads; all processors by default.
        as_json: Print the rows as JSON lines instead of the table.
        output: JSON-lines file the rows are added to.
        cache: Folder that keeps features of real pictures for the next time.
        quiet: Show no progress and no warnings.
    """
    from overtone.cli.progress import progress_bar
    from overtone.data import load_images
    from overtone.evaluate.distribution.measure import ReferenceSet, measure_samples, warnings_of
    from overtone.evaluate.distribution.rows import append_distribution_rows
    from overtone.evaluate.distribution.sample_source import draw, with_reconstruction
    from overtone.evaluate.distribution.table import distribution_table
    from overtone.metrics.distribution.features.registry import get_feature_network
    from overtone.models.compute import torch_threads

    network = get_feature_network(features, feature_weights)
    shape = size and (size[1], size[0])
    real = load_images(reference, split=split, size=shape, channels=channels)
    reference_set = ReferenceSet(
        network=network,
        images=real,
        other_split=_other_split(reference, split, real),
        seed=seed,
        cache=pathlib.Path(cache) if cache else None,
    )
    with progress_bar("drawing", quiet=quiet) as progress, torch_threads(threads):
        drawn = draw(
            samples,
            num_images,
            seed=seed,
            prior=prior,
            temperature=temperature,
            device=device,
            progress=progress,
        )
    with progress_bar("measuring", quiet=quiet) as progress, torch_threads(threads):
        rows = measure_samples(drawn.images, reference_set, source=drawn.source, progress=progress)
    rows[0] = with_reconstruction(rows[0], drawn.model, real, seed=seed)
    num_features = network.num_features
    for sentence in (
        warnings_of(rows[0].num_samples, rows[0].num_reference, num_features) if not quiet else ()
    ):
        print(f"warning: {sentence}", file=sys.stderr)
    if output is not None:
        append_distribution_rows(pathlib.Path(output), rows)
    print("\n".join(row.to_json() for row in rows) if as_json else distribution_table(rows))
    return EXIT_DONE


def _other_split(source: str, split: str, real: "ImageSet") -> "ImageSet | None":
    """The pictures of the same data that are not in the reference, if they are a split."""
    from overtone.data import load_images
    from overtone.errors import DataError

    if split == "all":
        return None
    try:
        return load_images(
            source,
            split="train" if split == "test" else "test",
            size=real.images.shape[1:3],
            channels=real.images.shape[3],
        )
    except DataError:
        return None
