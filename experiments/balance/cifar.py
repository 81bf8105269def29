"""Do classifiers of CIFAR-10 gain from filling rare classes? Its rows are in rows/cifar10.jsonl.

    python -m experiments.balance.cifar CIFAR10 --share 0.01 --arms repeat-augment,mix
    python -m experiments.balance.cifar CIFAR10 --share 0.01 --arms drawn --generator RUN

Three classes keep a share of their 5,000 training pictures; each arm fills them up in its own way;
the same small classifier is trained with the same number of steps on each, and judged on the real
test pictures. All arms of a seed are run before the next seed. Rows that are there are skipped; the
last line is JSON. Generators come from `experiments.balance.train_generator`.
"""

import argparse
import hashlib
import json
import pathlib

import numpy as np
import torch

import overtone
from experiments.balance import cifar_page
from experiments.balance.arms import ARMS
from experiments.balance.classifier import accuracies
from experiments.balance.colour_classifier import train_classifier
from experiments.balance.cut import CUT_SEED, cut
from experiments.balance.fillings import filled
from experiments.harness.records import append_record
from overtone.data import ImageSet, load_images
from overtone.evaluate.provenance import provenance
from overtone.models.store import find_model, load_model

OUT = pathlib.Path(cifar_page.ROWS)


def main() -> None:
    """Parses the command line and adds what is missing."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("data", help="CIFAR-10")
    parser.add_argument("--share", type=float, required=True, help="of the rare classes' pictures")
    parser.add_argument("--arms", required=True, help=", ".join(ARMS))
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--steps", type=int, default=500, help="of training a classifier")
    parser.add_argument("--generator", type=pathlib.Path, help="run trained on the cut set")
    parser.add_argument("--rows", type=pathlib.Path, default=OUT, help="file of rows to add to")
    arguments = parser.parse_args()
    arms = arguments.arms.split(",")
    if any(ARMS[arm].drawn for arm in arms) and arguments.generator is None:
        parser.error("arms with drawn pictures need --generator")
    torch.set_num_threads(1)
    images, rare = cut(load_images(arguments.data), arguments.share)
    judged = load_images(arguments.data, split="test")
    for seed in map(int, arguments.seeds.split(",")):
        run_seed(arguments, arms, seed, images, rare, judged)
    rows = cifar_page.read(pathlib.Path())
    print(json.dumps({"benchmark": "balance_cifar", "rows": len(rows)}))


def run_seed(
    arguments: argparse.Namespace,
    arms: list[str],
    seed: int,
    images: ImageSet,
    rare: np.ndarray,
    judged: ImageSet,
) -> None:
    """The rows of one seed that are not there yet."""
    for name in arms:
        arm = ARMS[name]
        settings = {
            "seed": seed,
            "arm": name,
            "share": arguments.share,
            "steps": arguments.steps,
            "generator": generator_of(arguments.generator) if arm.drawn else None,
        }
        lines = arguments.rows.read_text("utf-8").splitlines() if arguments.rows.exists() else []
        if any(settings.items() <= json.loads(line).items() for line in lines):
            continue
        rng = np.random.default_rng((seed, 1000))
        drawn = drawn_of(arguments.generator, images, rare, seed) if arm.drawn else {}
        pictures, labels = filled(images, rare, arm, drawn, rng)
        predicted = train_classifier(
            pictures,
            labels,
            judged.images,
            arm,
            num_classes=len(images.class_names),
            num_steps=arguments.steps,
            seed=seed,
        )
        row = {
            **settings,
            "cut_seed": CUT_SEED,
            "rare_classes": [int(number) for number in rare],
            "num_rare": int(images.class_counts()[rare[0]]),
            **accuracies(predicted, judged, rare),
            "data": images.fingerprint(),
            "judged_on": judged.name,
            "version": overtone.__version__,
            **provenance(),
        }
        append_record(arguments.rows, row)
        shares = f"rare {row['rare_accuracy']:.4f} all {row['accuracy']:.4f}"
        print(f"share {arguments.share} seed {seed} {name:15s} {shares}", flush=True)


def generator_of(run: pathlib.Path) -> str:
    """What tells a generator from another: its kind and the hash of its file."""
    data = find_model(run).read_bytes()
    return f"{load_model(run).name} {hashlib.sha256(data).hexdigest()[:8]}"


def drawn_of(
    run: pathlib.Path, images: ImageSet, rare: np.ndarray, seed: int
) -> dict[int, np.ndarray]:
    """As many pictures of each rare class as the largest class has, as `balance` draws them."""
    model = load_model(run)
    largest = int(images.class_counts().max())
    return {
        int(number): overtone.sample(
            model, largest, seed=seed + int(number), class_name=images.class_names[number]
        )
        for number in rare
    }


if __name__ == "__main__":
    main()
