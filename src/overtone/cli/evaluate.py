"""`overtone evaluate`: how far samples are from real pictures, and how far real ones are."""

import pathlib
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from overtone.cli.arguments import (
    ClassName,
    Count,
    Device,
    Model,
    Output,
    Quiet,
    Seed,
    Size,
    Threads,
)
from overtone.cli.cluster import ClusterAddress, OnCluster, Workers
from overtone.cli.exits import EXIT_DONE, note
from overtone.cli.files import check_destination
from overtone.cli.pictures import write_pictures
from overtone.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from overtone.evaluate.distribution.copying import Copying
    from overtone.evaluate.distribution.measure import ReferenceSet
    from overtone.evaluate.distribution.reference import RealPictures
    from overtone.evaluate.distribution.rows import DistributionRow
    from overtone.shapes import UInt8

MOST_IMAGES = 10_000  # that are drawn where no number is given


def evaluate(
    samples: Model,
    /,
    *,
    reference: str,
    split: Literal["train", "test", "all"] | None = None,
    class_name: ClassName = None,
    features: str | None = None,
    feature_weights: str | None = None,
    num_images: Annotated[Count | None, Parameter(name=["--num-images", "-n"])] = None,
    prior: str | None = None,
    temperature: float = 1.0,
    guidance: float = 1.0,
    size: Size = None,
    channels: Literal[1, 3] | None = None,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
    cluster: ClusterAddress = None,
    workers: Workers = None,
    neighbours: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    output: Output = None,
    cache: str | None = None,
    force: bool = False,
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
        split: Which part of the reference; by default its test split or, if there is none, a random
            half.
        class_name: Samples and reference of this class only, by name or number.
        features: Feature network: gray28, color32, efficientnet-lite0 or inception; by
            default gray28 for 28x28 gray pictures and efficientnet-lite0 for others.
        feature_weights: File of the network's weights, where the package does not bring them.
        num_images: Samples to draw, or to choose from the pictures; by default as many as the
            reference has, at most 10000.
        prior: Distribution to draw from; the model's default if not given.
        temperature: Spread of the samples; 1 is what was learned.
        guidance: Pull towards the class of each sample, where the model can; 1 is the model's own.
        size: WxH in pixels the reference is resized and cropped to; as stored by default.
        channels: Channels of the reference, 1 or 3; as stored by default.
        seed: Seed of the samples and of every choice.
        device: Where models and the feature network compute; auto is cuda where there is a card.
        threads: Number of worker threads; all processors by default, on a cluster 1 a part.
        cluster: Draw samples and compute features by Ray: `local` on this machine, `ray` or an
            address for a running cluster, whose machines must see the model.
        workers: On a cluster: most parts at a time; one a processor by default.
        neighbours: PNG file to make of samples beside their nearest training pictures; the
            distances are printed too.
        as_json: Print the rows as JSON lines instead of the table.
        output: JSON-lines file the rows are added to.
        cache: Folder that keeps features of real pictures for the next time.
        force: Replace the file of neighbours if it exists.
        quiet: Show no progress and no warnings.
    """
    _check_sheet(neighbours, force=force)
    from overtone.cli.evaluate_parts import Measuring
    from overtone.evaluate.distribution.copying import with_copying
    from overtone.evaluate.distribution.measure import MIN_IMAGES, warnings_of
    from overtone.evaluate.distribution.reference import load_real
    from overtone.evaluate.distribution.sample_source import (
        Conditioning,
        open_source,
        restrict_to_class,
        with_reconstruction,
    )

    on_cluster = OnCluster(cluster, workers, threads)
    say = (lambda _: None) if quiet else note
    shape = size and (size[1], size[0])
    real = load_real(reference, split=split, size=shape, channels=channels, seed=seed)
    opened = open_source(samples, device=on_cluster.checked_device(device))
    class_number, copying = None, None
    if class_name is not None:
        real, class_number = restrict_to_class(class_name, real, opened)
    if real.note is not None:
        say(f"note: {real.note}")
    few = len(real.images) < MIN_IMAGES and not as_json and output is None
    only_nearness = few and neighbours is not None
    network = (features, feature_weights, device)
    reference_set = None if only_nearness else _reference_set(real, network, seed, cache)
    count = num_images or max(MIN_IMAGES, min(len(real.images), MOST_IMAGES))
    how = {
        **{"seed": seed, "prior": prior, "temperature": temperature},
        "conditioning": Conditioning(class_number, guidance),
    }
    with Measuring(on_cluster, feature_weights, quiet) as measuring:
        drawn = measuring.draw(samples, opened, count, how)
        if neighbours is not None:
            copying = _write_sheet(neighbours, drawn.images, real, seed=seed, force=force)
        rows = [] if reference_set is None else measuring.rows(drawn, reference_set)
    if reference_set is None:
        say(
            f"warning: {real.images.name} has {len(real.images)} pictures, and distances between "
            f"sets of pictures need at least {MIN_IMAGES}; what follows is only how near each "
            "sample is to a single training picture"
        )
        return _report([], copying)
    rows[0] = with_reconstruction(rows[0], drawn.model, real.images, seed=seed)
    counts = rows[0].num_samples, rows[0].num_reference, reference_set.network.num_features
    for sentence in warnings_of(*counts):
        say(f"warning: {sentence}")
    if copying is not None:
        rows[0] = with_copying(rows[0], copying)
    return _report(rows, copying, as_json=as_json, output=output)


def _check_sheet(path: str | None, *, force: bool) -> None:
    """Refuses, before any work, a sheet that is no PNG file or whose place is taken."""
    if path is None:
        return
    if pathlib.PurePath(path).suffix.lower() != ".png":
        raise ConfigError(f"--neighbours writes a PNG file; name one.png, not {path}")
    check_destination(path, force=force)


def _report(
    rows: "list[DistributionRow]",
    copying: "Copying | None",
    *,
    as_json: bool = False,
    output: str | None = None,
) -> int:
    """Prints the rows, if there are any, and how near samples are; adds the rows to a file."""
    from overtone.evaluate.distribution.copying import copying_text
    from overtone.evaluate.distribution.rows import append_distribution_rows
    from overtone.evaluate.distribution.table import distribution_table

    if output is not None:
        append_distribution_rows(pathlib.Path(output), rows)
    if as_json:
        print("\n".join(row.to_json() for row in rows))
        return EXIT_DONE
    texts = [distribution_table(rows)] if rows else []
    texts += [] if copying is None else [copying_text(copying)]
    print("\n\n".join(texts))
    return EXIT_DONE


def _reference_set(
    real: "RealPictures",
    network: "tuple[str | None, str | None, Device]",
    seed: int,
    cache: str | None,
) -> "ReferenceSet":
    """The reference with the network that was named, or that suits its pictures.

    Args:
        real: The real pictures.
        network: Its name, the file of its weights, where it computes.
        seed: Seed of every choice.
        cache: Folder that keeps features.
    """
    from overtone.evaluate.distribution.measure import ReferenceSet
    from overtone.metrics.distribution.features.registry import network_for_images

    features, weights, device = network
    _, height, width, channels = real.images.images.shape
    return ReferenceSet(
        network=network_for_images((height, width, channels), features, weights, device=device),
        images=real.images,
        other_split=real.other_split,
        seed=seed,
        cache=pathlib.Path(cache) if cache else None,
    )


def _write_sheet(
    path: str,
    images: "UInt8[np.ndarray, 'n h w c']",
    real: "RealPictures",
    *,
    seed: int,
    force: bool,
) -> "Copying":
    """Writes the samples beside their neighbours; how near they are."""
    from overtone.evaluate.distribution.copying import measure_copying, neighbour_sheet

    if real.training is None:
        raise ConfigError(f"{real.images.name}: the data has no training pictures to seek among")
    copying = measure_copying(images, real.training, real.unseen, seed=seed)
    write_pictures(path, neighbour_sheet(copying)[None], force=force)
    return copying
