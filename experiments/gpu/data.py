"""Stage `data`: the pack's archive, or a data source, to arrays that every stage reads at once."""

import pathlib
import tarfile

import numpy as np

from experiments.gpu.stage import DATA_NAME, IMAGES_FILE, TINY_IMAGES, Stage, parsed


def main() -> None:
    """Unpacks and reads both splits."""
    stage, _ = parsed("Unpacks the images.")
    path = stage.work / IMAGES_FILE
    if not path.is_file():
        write_images(stage, path)


def write_images(stage: Stage, path: pathlib.Path) -> None:
    """Makes the file of arrays, whole or not at all."""
    from overtone.data import load_images

    arrays = {}
    source = source_of(stage)
    for split in ("train", "test"):
        images = load_images(str(source), split=split)
        if images.labels is None:
            raise SystemExit(f"gpu: {source} has no classes; give CIFAR-10 as --data")
        if stage.tiny:
            images = images.subset(np.arange(len(images))[:: -(-len(images) // TINY_IMAGES)])
        arrays[f"{split}_name"] = np.array(images.name)
        arrays[f"{split}_images"], arrays[f"{split}_labels"] = images.images, images.labels
        arrays["class_names"] = np.array(images.class_names)
        print(f"{images.name}: {images.images.shape}", flush=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    partial.replace(path)


def source_of(stage: Stage) -> pathlib.Path:
    """A source that `load_images` takes; an archive is unpacked first."""
    if not stage.data.exists():
        raise SystemExit(
            f"gpu: the images are not at {stage.data}; experiments/gpu.sh --pack CIFAR10 puts them "
            "there, or give --data"
        )
    if not (stage.data.is_file() and tarfile.is_tarfile(stage.data)):
        return stage.data
    folder = stage.work / DATA_NAME
    with tarfile.open(stage.data) as archive:
        archive.extractall(folder, filter="data")
    return folder


if __name__ == "__main__":
    main()
