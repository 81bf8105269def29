"""Makes the generated parts of README.md anew: the picture, the commands' output, the table.

    python tools/refresh_readme.py              everything
    python tools/refresh_readme.py --table      the table of results only

`tests/test_readme.py` fails when the table is not what the rows say or a command prints something
else.
"""

import argparse
import contextlib
import io
import os
import pathlib
import re
import shutil
import tempfile
from collections.abc import Iterator

import numpy as np
from PIL import Image

from overtone.cli.main import main as overtone_main
from overtone.evaluate.rate_distortion.run import (
    Measured,
    Sample,
    Setting,
    load_sample,
    measure_picture,
)
from overtone.evaluate.rate_distortion.side_by_side import equal_bytes
from overtone.evaluate.rate_distortion.table import refreshed

ROOT = pathlib.Path(__file__).parent.parent
README = ROOT / "README.md"
PICTURE = "docs/images/equal-bytes.png"
PICTURE_BPP = 0.2
CROP = (150, 0, 470, 320)  # left, top, right, bottom of what is shown of the photograph
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def main() -> None:
    """Rewrites README.md in place."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true", help="only the table of results")
    text = README.read_text("utf-8")
    if not parser.parse_args().table:
        text = CONSOLE.sub(lambda match: f"```console\n{transcript(match[1])}```", text)
        text = re.sub(
            r"<!-- picture -->.*?<!-- /picture -->",
            lambda _: f"<!-- picture -->\n{picture()}\n<!-- /picture -->",
            text,
            flags=re.DOTALL,
        )
    README.write_text(refreshed(text, ROOT), "utf-8")


def transcript(block: str) -> str:
    """The commands of a console block, each with what it prints now."""
    lines = []
    with sample_folder():
        for line in block.splitlines():
            if line.startswith("$ "):
                lines.append(line)
                lines += output_of(line.removeprefix("$ ").split()).splitlines()
    return "".join(f"{line}\n" for line in lines)


def output_of(words: list[str]) -> str:
    """What an `overtone` command prints; one that fails is an error."""
    assert words[0] == "overtone", f"only overtone commands run here, not {words[0]}"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = overtone_main(words[1:])
    assert code == 0, printed.getvalue()
    return printed.getvalue()


@contextlib.contextmanager
def sample_folder() -> Iterator[None]:
    """A fresh working folder with `examples/` in it."""
    before = pathlib.Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "examples", pathlib.Path(folder) / "examples")
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def picture() -> str:
    """Writes the picture of original, ours and JPEG; returns the Markdown that shows it."""
    sample: Sample = load_sample(ROOT / "examples" / "coffee.png")
    ours = measure_picture(
        sample, Setting(codec="tiled-dct", target_bpp=PICTURE_BPP), suite="readme"
    )
    jpeg_setting = Setting(codec="jpeg", target_bpp=PICTURE_BPP)
    (jpeg,) = equal_bytes(sample, ours, [jpeg_setting], suite="readme")
    left, top, right, bottom = CROP
    shown = [sample.image, ours.decoded, jpeg.decoded]
    strip = np.concatenate([pixels[top:bottom, left:right] for pixels in shown], axis=1)
    path = ROOT / PICTURE
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(strip).save(path, optimize=True)
    words = f"original; Overtone, {_words(ours)}; JPEG, {_words(jpeg)}"
    return (
        f"![Part of a photograph three times: {words}]({PICTURE})\n\n"
        f"Left to right: {words}. Part of `examples/coffee.png`; numbers are those of the whole."
    )


def _words(measured: Measured) -> str:
    row = measured.row
    return f"{row.size_bytes:,} bytes, {row.psnr_db:.1f} dB"


if __name__ == "__main__":
    main()
