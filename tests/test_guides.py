"""Every command and every block of Python of the README, getting started and the guides runs.

In order, in a folder with small pictures of the names that the pages use. Commands run as printed
but for `SHORTER`: what trains takes a few steps. What cannot run here is in `SKIPPED`, with why.
"""

from __future__ import annotations

import pathlib
import re
import shlex

import numpy as np
import pytest
import torch
from PIL import Image
from tests.helpers import idx_bytes, labels_of, pictures
from tests.test_readme import ROOT, load_refresher

# Beginning of a command -> what is added to it.
SHORTER = {
    "overtone train series-generator": ["--set", "train.steps=12"],
    "overtone train vae": ["--set", "train.steps=12"],
}
# Beginning of a line -> why it does not run here.
SKIPPED = {
    "git clone": "installs",
    "make setup": "installs",
    "python -m experiments.kodak.measure": "needs the Kodak pictures",
    "python -m experiments.latent.measure": "needs the Kodak pictures",
    "python -m overtone.evaluate.rate_distortion.table --readme": "test_readme.py does it",
    "overtone balance products --by density": "needs feature weights; test_density.py runs it",
    "overtone studio": "serves until it is interrupted; test_studio_browser.py opens it",
    "overtone evaluate": "needs thousands of samples; test_cli_evaluate.py runs it on fewer",
}
NOT_RUN_PYTHON = {
    "guide/distribution-metrics.md": "needs thousands of samples; test_evaluate_distribution.py",
}
GUIDES = sorted((ROOT / "docs" / "guide").glob("*.md"))
PAGES = [
    *("README.md", "docs/getting-started.md"),
    *(path.relative_to(ROOT).as_posix() for path in GUIDES),
]
# Pages whose blocks test_readme.py runs and looks at more closely, and the one that needs a
# cluster, which test_cluster.py has.
ELSEWHERE = {
    *("docs/guide/cluster.md", "docs/guide/fourier-network.md", "docs/guide/study-a-network.md"),
}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
CLASSES = {"shirt": 30, "sneaker": 14, "bag": 12, "shoe": 12}


def save(pixels, *names):
    for name in names:
        path = pathlib.Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)


# Pages that train on data whose name models have too; a folder hides these from the other pages.
WITH_DATA = {"docs/guide/train.md"}


def prepare(page):
    """Pictures and data under the names that the pages use."""
    photo = np.asarray(Image.open("examples/coffee.png").convert("RGB").crop((150, 50, 270, 130)))
    columns = np.arange(photo.shape[1])
    pattern = 25 * np.cos(2 * np.pi * columns / 3)[None, :, None]
    save(photo, "photo.png", "photos/a/b.png", "photos/c/d.png", "pictures/d.png")
    save(photo[:, ::-1], "other.png")
    save(np.clip(photo + pattern, 0, 255).astype(np.uint8), "scan.png")
    save((photo // 2 + 64).astype(np.uint8), "faded.png")
    some = [photo[top : top + 40, 20:80] for top in (0, 20, 40)]
    pale = [(part // 2 + 64).astype(np.uint8) for part in some]
    for number, (part, faded) in enumerate(zip(some, pale, strict=True)):
        save(part, f"good/{number}.png")
        save(faded, f"blurred/{number}.png")
    save(photo[:24, :40], "holiday/IMG_1.jpg", "holiday/day 1/IMG_2.jpg")
    pathlib.Path("holiday/notes.txt").write_text("no picture")
    pathlib.Path("scans").mkdir()
    Image.fromarray(photo[:24, :40]).convert("CMYK").save("scans/print.tif")
    pathlib.Path("photos/c/damaged.png").write_bytes(b"no picture")
    for name, count in CLASSES.items():
        for index, image in enumerate(pictures(count, 32, 40, 3, seed=len(name))):
            save(image, f"products/{name}/{index}.png")
    for index, image in enumerate(pictures(2, 28, 28, 1)):
        save(image[..., 0], f"drawn/{index}.png")
    for name in ("fashion-mnist", "mnist") if page in WITH_DATA else ():
        pathlib.Path(name).mkdir()
        for part, count in (("train", 60), ("t10k", 20)):
            images = pictures(count, 28, 28, 1)[..., 0]
            labels = labels_of(count)
            pathlib.Path(name, f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
            pathlib.Path(name, f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return {
        **{"image": photo, "other": photo[:, ::-1].copy(), "small": pictures(1, 28, 28, 1)[0]},
        **{"good_pictures": some, "blurred_pictures": pale},
    }


def commands_in(block):
    """The lines of a block without a language that are commands; others are what they print."""
    for line in block.splitlines():
        if line.startswith(("overtone ", "python ", "make ", "git ")):
            yield line


def run_command(line, refresher):
    if any(line.startswith(start) for start in SKIPPED):
        return
    assert line.startswith("overtone "), f"{line!r} is neither run nor in SKIPPED"
    words = shlex.split(line)
    for start, more in SHORTER.items():
        if line.startswith(start):
            words += more
    refresher.output_of(words)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if page not in ELSEWHERE])
def test_every_block_of_a_page_runs(page):
    refresher = load_refresher()
    blocks = BLOCK.findall((ROOT / page).read_text("utf-8"))
    before = torch.get_num_threads()
    with refresher.sample_folder():
        names = prepare(page)
        try:
            for language, block in blocks:
                if language == "python" and page.removeprefix("docs/") not in NOT_RUN_PYTHON:
                    exec(compile(block, page, "exec"), names)
                elif not language:
                    for line in commands_in(block):
                        run_command(line, refresher)
        finally:
            torch.set_num_threads(before)


def test_what_is_left_out_is_there():
    text = "".join((ROOT / page).read_text("utf-8") for page in PAGES)
    assert not [start for start in [*SHORTER, *SKIPPED] if f"\n{start}" not in text]
    assert {f"docs/{page}" for page in NOT_RUN_PYTHON} | ELSEWHERE <= set(PAGES)
