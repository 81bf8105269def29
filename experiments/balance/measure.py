"""Does filling rare classes with drawn pictures help a classifier? Its rows are in rows/.

    python -m experiments.balance.measure FASHION_MNIST --work FOLDER --seeds 1,2,3
    python -m experiments.balance.measure --page

For each seed three classes, drawn by lot, keep 60 of their 6,000 training pictures. A model is
trained on what is left and nothing else, `overtone.balance` fills the rare classes from it, and a
small classifier is trained on each of several fillings, with the same number of steps, and judged
on the real test pictures. Rows that are there are skipped; the last line is JSON.
"""

import argparse
import json
import pathlib
import sys
from typing import Any

import numpy as np

import overtone
from experiments.balance import page
from experiments.balance.classifier import accuracies, train_classifier
from experiments.harness.rebuild import rebuild
from experiments.harness.records import append_record
from overtone.bitstream.container import Metadata
from overtone.data import ImageSet, load_images
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import Picture, picture_to_bytes, to_grid
from overtone.models.store import MODEL_FILE

OUT, FIGURE = pathlib.Path(page.ROWS), pathlib.Path(page.FIGURE)
NUM_RARE_CLASSES = 3
NUM_RARE = 60  # pictures a rare class keeps: 1 %
MAX_SHIFT_PX = 2
NUM_SHOWN = 16  # pictures in a row of the figure


def main() -> None:
    parser = argparse.ArgumentParser(description="Classifiers on filled-up rare classes.")
    parser.add_argument("data", nargs="?", help="folder of Fashion-MNIST")
    parser.add_argument("--work", type=pathlib.Path, help="folder for runs and drawn pictures")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--arms", default="none,repeat,augment,synthetic,half")
    parser.add_argument("--model", default="series-generator")
    parser.add_argument("--preset", default="fashion-mnist")
    parser.add_argument("--core-minutes", type=float, default=1.5, help="of training the model")
    parser.add_argument("--prior", default="gaussian")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=1000, help="of training a classifier")
    parser.add_argument("--rows", type=pathlib.Path, default=OUT, help="file of rows to add to")
    parser.add_argument("--page", action="store_true", help="only write the page from the rows")
    arguments = parser.parse_args()
    if not arguments.page:
        if arguments.data is None or arguments.work is None:
            parser.error("the folder of Fashion-MNIST and --work are needed")
        for seed in map(int, arguments.seeds.split(",")):
            run_seed(arguments, seed)
    rebuild(["balance"])
    print(json.dumps({"benchmark": "balance_fashion", "rows": len(read(arguments.rows))}))


def run_seed(arguments: argparse.Namespace, seed: int) -> None:
    """The rows of one seed that are not there yet."""
    whole = load_images(arguments.data)
    skewed, rare = skew(whole, seed)
    judged = load_images(arguments.data, split="test")
    settings = {
        "seed": seed,
        "model": arguments.model,
        "preset": arguments.preset,
        "core_minutes": arguments.core_minutes,
        "prior": arguments.prior,
        "temperature": arguments.temperature,
        "steps": arguments.steps,
    }
    known = {row["arm"] for row in read(arguments.rows) if settings.items() <= row.items()}
    arms = [arm for arm in arguments.arms.split(",") if arm not in known]
    if not arms:
        return
    drawn = draw(arguments, skewed, seed)
    if seed == int(arguments.seeds.split(",")[0]) and arguments.rows == OUT:
        write_figure(skewed, rare, drawn)
    for arm in arms:
        images, labels = filled(skewed, rare, arm, drawn, np.random.default_rng(seed + 1000))
        predicted = train_classifier(
            images, labels, judged.images, num_classes=10, num_steps=arguments.steps, seed=seed
        )
        row = {
            **settings,
            "arm": arm,
            "rare_classes": [int(number) for number in rare],
            "num_rare": NUM_RARE,
            **accuracies(predicted, judged, rare),
            "data": skewed.fingerprint(),
            "judged_on": judged.name,
            "version": overtone.__version__,
            **provenance(),
        }
        append_record(arguments.rows, row)
        print(f"seed {seed} {arm:13s} rare {row['rare_accuracy']:.4f} all {row['accuracy']:.4f}")


def skew(whole: ImageSet, seed: int) -> tuple[ImageSet, np.ndarray]:
    """The skewed set and its rare classes."""
    rng = np.random.default_rng(seed)
    assert whole.labels is not None
    rare = np.sort(rng.permutation(len(whole.class_names))[:NUM_RARE_CLASSES])
    kept = []
    for number in range(len(whole.class_names)):
        positions = rng.permutation(np.flatnonzero(whole.labels == number))
        kept.append(positions[:NUM_RARE] if number in rare else positions)
    indices = np.sort(np.concatenate(kept))
    return whole.subset(indices, name=f"fashion-mnist/skewed-{seed}"), rare


def draw(arguments: argparse.Namespace, skewed: ImageSet, seed: int) -> ImageSet:
    """What `balance` fills the rare classes with, from a model trained on the skewed set."""
    run = arguments.work / f"{arguments.model}-{arguments.prior}-{arguments.core_minutes:g}-{seed}"
    if not (run / MODEL_FILE).exists():
        is_going_on = (run / "run.json").exists()
        settings = [
            f"train.core_minutes={arguments.core_minutes}",
            f"train.seed={seed}",
            f'network.prior.fitted=["{arguments.prior}"]',
            f"network.prior.default={arguments.prior}",
        ]
        run.parent.mkdir(parents=True, exist_ok=True)
        result = overtone.train(
            None if is_going_on else arguments.model,
            skewed,
            out=run,
            preset=None if is_going_on else arguments.preset,
            settings=() if is_going_on else settings,
            resume=is_going_on,
        )
        if result.status == "stopped":
            sys.exit("stopped; the same command goes on")
    folder = arguments.work / f"drawn-{run.name}-{arguments.temperature:g}"
    if not folder.exists():
        overtone.balance(
            skewed,
            folder,
            model=run,
            seed=seed,
            prior=arguments.prior,
            temperature=arguments.temperature,
        )
    return load_images(str(folder))


def filled(
    skewed: ImageSet, rare: np.ndarray, arm: str, drawn: ImageSet, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and labels with every rare class as large as the others, by one of the arms."""
    assert skewed.labels is not None
    assert drawn.labels is not None
    pictures, labels = [skewed.images], [skewed.labels]
    for number in rare if arm != "none" else ():
        own = skewed.images[skewed.labels == number]
        missing = int(skewed.class_counts().max()) - len(own)
        repeated = own[rng.integers(0, len(own), missing)]
        synthetic = drawn.images[drawn.labels == drawn.class_names.index(str(number))][:missing]
        either = np.where((rng.random(missing) < 0.5)[:, None, None, None], repeated, synthetic)
        made = {
            "repeat": repeated,
            "augment": moved(repeated, rng),
            "synthetic": synthetic,
            "half": either,
        }[arm]
        pictures.append(made)
        labels.append(np.full(missing, number))
    return np.concatenate(pictures), np.concatenate(labels)


def write_figure(skewed: ImageSet, rare: np.ndarray, drawn: ImageSet) -> None:
    """Pictures that were kept and drawn ones, row by row."""
    assert skewed.labels is not None
    assert drawn.labels is not None
    rows = []
    for number in rare:
        rows.append(skewed.images[skewed.labels == number][:NUM_SHOWN])
        rows.append(drawn.images[drawn.labels == drawn.class_names.index(str(number))][:NUM_SHOWN])
    grid = to_grid(np.concatenate(rows), num_columns=NUM_SHOWN)
    FIGURE.write_bytes(picture_to_bytes(Picture(grid, Metadata()), ".png"))


def moved(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each picture moved by up to two pixels each way, half of them mirrored."""
    around = ((0, 0), (MAX_SHIFT_PX,) * 2, (MAX_SHIFT_PX,) * 2, (0, 0))
    padded = np.pad(images, around)
    height, width = images.shape[1:3]
    result = np.empty_like(images)
    for number, (top, left) in enumerate(rng.integers(0, 2 * MAX_SHIFT_PX + 1, (len(images), 2))):
        part = padded[number, top : top + height, left : left + width]
        result[number] = part[:, ::-1] if rng.random() < 0.5 else part
    return result


def read(path: pathlib.Path) -> list[dict[str, Any]]:
    """The rows in a file; none if there is no file."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()
