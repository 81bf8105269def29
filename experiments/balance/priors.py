"""Which prior draws classes of few pictures best? Its rows are in rows/priors.jsonl.

    python -m experiments.balance.priors FASHION_MNIST

Of each class of Fashion-MNIST a few training pictures are kept, the shipped model encodes them, and
each prior is fitted to their latents. A thousand pictures drawn from it are compared with the
class's thousand test pictures by the Fréchet distance of `gray28`, and with the pictures kept by
the distance to the nearest in pixels, beside that of the test pictures. The model itself has seen
all 6,000 pictures of every class; only the priors are of few. Rows that are there are skipped.
"""

import argparse
import json
import pathlib
import statistics
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

import overtone
from experiments.harness.records import append_record
from overtone.data import ImageSet, load_images
from overtone.evaluate.provenance import provenance
from overtone.metrics.distribution.features.registry import get_feature_network
from overtone.metrics.distribution.frechet import frechet_distance
from overtone.metrics.distribution.nearest import nearest_pictures, share_nearer
from overtone.models.latent import AbstractLatentModel
from overtone.models.priors.kernel import KernelPrior
from overtone.models.priors.registry import get_prior_class
from overtone.models.store import load_model
from overtone.tasks.latents import decode_latents, encode_pixels

OUT = pathlib.Path("experiments/balance/rows/priors.jsonl")
MODEL = "fashion-mnist"
NUM_DRAWN = 1000
COUNTS = "10,30,100,300,1000,3000"
# Kind of the prior and, of a kernel, its bandwidth; "repeat" is the pictures kept, unchanged.
ARMS = "repeat,gaussian,mixture,kernel:0.3,kernel:0.5,kernel:0.7,kernel:likelihood"


def main() -> None:
    parser = argparse.ArgumentParser(description="Priors of classes of few pictures.")
    parser.add_argument("data", help="folder of Fashion-MNIST")
    parser.add_argument("--classes", default="0,1,2,3,4,5,6,7,8,9")
    parser.add_argument("--counts", default=COUNTS, help="pictures of a class that are kept")
    parser.add_argument("--arms", default=ARMS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(MODEL)
    assert isinstance(model, AbstractLatentModel)
    train, test = (load_images(arguments.data, split=split) for split in ("train", "test"))
    for count in map(int, arguments.counts.split(",")):
        for number in map(int, arguments.classes.split(",")):
            for row in rows_of(model, train, test, number, count, arguments.arms.split(",")):
                append_record(OUT, row)
    print_table()


def rows_of(
    model: AbstractLatentModel,
    train: ImageSet,
    test: ImageSet,
    number: int,
    count: int,
    arms: list[str],
) -> Iterator[dict[str, Any]]:
    """The rows of one class and count that are not there yet."""
    known = {row["arm"] for row in read() if (row["class"], row["count"]) == (number, count)}
    arms = [arm for arm in arms if arm not in known]
    if not arms:
        return
    assert train.labels is not None
    assert test.labels is not None
    network = get_feature_network("gray28")
    judged = test.images[test.labels == number]
    rng = np.random.default_rng((number, count))
    kept = train.images[rng.permutation(np.flatnonzero(train.labels == number))[:count]]
    reference = network.features(judged)
    real_distances = nearest_pictures(judged, kept).distances[:, 0]
    for arm in arms:
        rng = np.random.default_rng((number, count, 1))
        drawn = draw(model, kept, arm, rng)
        distances = nearest_pictures(drawn, kept).distances[:, 0]
        yield {
            "class": number,
            "count": count,
            "arm": arm,
            "frechet": frechet_distance(samples=network.features(drawn), reference=reference),
            "nearest": float(distances.mean()),
            "nearest_of_test": float(real_distances.mean()),
            "share_nearer": share_nearer(distances, real_distances),
            "model": MODEL,
            "num_drawn": len(drawn),
            "judged_on": test.name,
            "version": overtone.__version__,
            **provenance(),
        }


def draw(
    model: AbstractLatentModel, kept: np.ndarray, arm: str, rng: np.random.Generator
) -> np.ndarray:
    """Pictures of one arm."""
    if arm == "repeat":
        return kept[rng.integers(0, len(kept), NUM_DRAWN)]
    kind, _, bandwidth = arm.partition(":")
    latents = encode_pixels(model, kept).double().numpy()
    prior = get_prior_class(kind).fit(latents, rng=rng)
    if isinstance(prior, KernelPrior):
        likely = bandwidth == "likelihood"
        chosen = likeliest_bandwidth(prior) if likely else float(bandwidth)
        prior = KernelPrior(prior.latents, prior.factor, chosen)
    drawn = prior.sample(NUM_DRAWN, rng=rng)
    return decode_latents(model, torch.from_numpy(drawn).float(), None)


def likeliest_bandwidth(prior: KernelPrior) -> float:
    """The bandwidth of largest leave-one-out likelihood of at most 500 of the latents."""
    latents = prior.latents[:500]
    white = np.linalg.solve(prior.factor, (latents - latents.mean(0)).T).T
    num_axes = white.shape[1]
    best, most = 1.0, -np.inf
    for bandwidth in np.linspace(0.05, 0.99, 20):
        centres = np.sqrt(1 - bandwidth**2) * white
        squares = (white**2).sum(1)[:, None] + (centres**2).sum(1) - 2 * white @ centres.T
        exponents = -squares / (2 * bandwidth**2)
        np.fill_diagonal(exponents, -np.inf)
        largest = exponents.max(1, keepdims=True)
        logs = largest[:, 0] + np.log(np.exp(exponents - largest).sum(1))
        likelihood = float(logs.mean() - num_axes * np.log(bandwidth))
        if likelihood > most:
            best, most = float(bandwidth), likelihood
    return best


def read() -> list[dict[str, Any]]:
    """The rows in the file; none if there is no file."""
    lines = OUT.read_text("utf-8").splitlines() if OUT.exists() else []
    return [json.loads(line) for line in lines]


def print_table() -> None:
    """Means over classes, for people; the last line is JSON."""
    rows = read()
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    print("Fréchet distance / distance to the nearest picture kept over that of test pictures")
    print("kept   " + "".join(f"{arm:>19}" for arm in arms))
    for count in sorted({row["count"] for row in rows}):
        cells = []
        for arm in arms:
            some = [row for row in rows if (row["count"], row["arm"]) == (count, arm)]
            near = [row["nearest"] / row["nearest_of_test"] for row in some]
            mean = statistics.mean(row["frechet"] for row in some) if some else float("nan")
            cells.append(f"{mean:9.2f} / {statistics.mean(near) if near else 0:.2f}".rjust(19))
        print(f"{count:<7}" + "".join(cells))
    print(json.dumps({"benchmark": "balance_priors", "rows": len(rows)}))


if __name__ == "__main__":
    main()
