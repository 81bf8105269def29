"""`overtone sample`: new pictures from a trained model."""

from typing import Annotated, Any

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import (
    ClassName,
    Count,
    Device,
    Model,
    Quiet,
    RequiredOutput,
    Seed,
    Size,
    Threads,
)
from overtone.cli.cluster import ClusterAddress, OnCluster, Workers
from overtone.cli.exits import EXIT_DONE, note
from overtone.cli.pictures import check_output, write_pictures


def sample(
    model: Model,
    /,
    *,
    output: RequiredOutput,
    num_images: Annotated[Count, Parameter(name=["--num-images", "-n"])] = 1,
    seed: Seed = 0,
    temperature: float = 1.0,
    class_name: ClassName = None,
    size: Size = None,
    prior: str | None = None,
    guidance: float = 1.0,
    device: Device = "cpu",
    threads: Threads = None,
    cluster: ClusterAddress = None,
    workers: Workers = None,
    quiet: Quiet = False,
    force: bool = False,
) -> int:
    """Draw new pictures from a trained model.

    Example: overtone sample cifar10 -n 64 --seed 1 -o grid.png

    Args:
        model: Name of a model that comes with the package, its file, or the folder of a run.
        output: A picture file for one grid, a folder for a PNG each, .npz, or - for a grid on
            standard output.
        num_images: How many.
        seed: Seed for all randomness. The same arguments give the same pictures; with another
            number of them, all but whole chunks of 256 may differ.
        temperature: Spread; 1 is what was learned, smaller is less varied.
        class_name: All of this class, by name or number, where the model knows classes.
        size: WxH in pixels, evaluated by the model, not resampled; as trained by default.
        prior: Distribution to draw from; the model's default if not given.
        guidance: Pull towards the class, where the model can; 1 is the model's own, more is
            clearer and less varied.
        device: Where the model computes; auto is cuda where there is a card.
        threads: Number of worker threads; all processors by default, on a cluster 1 a chunk.
        cluster: Draw by Ray, 256 pictures at a time: `local` on this machine, `ray` or an address
            for a running cluster, whose machines must see the model.
        workers: On a cluster: most chunks at a time; one a processor by default.
        quiet: Say nothing but errors.
        force: Replace files that exist.
    """
    check_output(output, force=force)
    from overtone.cli.progress import progress_bar
    from overtone.models.compute import torch_threads
    from overtone.models.store import load_model

    on_cluster = OnCluster(cluster, workers, threads)
    chosen = load_model(model, device=on_cluster.checked_device(device))
    drawing: dict[str, Any] = {
        "seed": seed,
        "temperature": temperature,
        "class_name": class_name,
        "size": size and (size[1], size[0]),
        "prior": prior,
        "guidance": guidance,
    }
    if cluster is None:
        with progress_bar("drawing", quiet=quiet) as progress, torch_threads(threads):
            pictures = overtone.sample(chosen, num_images, progress=progress, **drawing)
    else:
        from overtone.batch.samples import sample_on
        from overtone.tasks.sample import Drawing

        with on_cluster.connected(quiet=quiet) as ray, progress_bar("drawing", quiet=quiet) as bar:
            pictures = sample_on(ray, model, chosen, num_images, Drawing(**drawing), bar)
    write_pictures(output, pictures, force=force)
    count, height, width, _ = pictures.shape
    if not quiet:
        line = f"{count} of {width}x{height} pixels, seed {seed}"
        note(f"{model} -> {output}: {line}")
    return EXIT_DONE
