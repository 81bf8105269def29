"""The command `ovt_decode`, built against the library as any program in C++ would be."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
import subprocess

import numpy as np
import pytest

from overtone.bitstream.container import Container
from overtone.codecs.registry import decode, encode
from overtone.kernels import ovt

ROOT = pathlib.Path(__file__).parent.parent
SOURCE = ROOT / "csrc" / "ovt" / "tools" / "ovt_decode.cpp"
DATA = ROOT / "src" / "overtone" / "codecs"


def built_library() -> pathlib.Path | None:
    """That of the newest build of the package."""
    built = ROOT.glob("build/cp*/csrc/ovt/libovt.a")
    return max(built, key=lambda path: path.stat().st_mtime, default=None)


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    compiler = shutil.which("c++")
    library = built_library()
    if compiler is None or library is None:
        pytest.skip("ovt_decode needs c++ and the library that make setup leaves in build/")
    program = tmp_path_factory.mktemp("ovt") / "ovt_decode"
    arguments = ["-std=c++20", "-Wall", "-Werror", f"-I{SOURCE.parents[1]}", str(SOURCE)]
    subprocess.run(
        [compiler, *arguments, str(library), "-lpthread", "-o", str(program)], check=True
    )

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(program), *options, "--data", str(DATA)],
            capture_output=True,
            text=True,
            check=False,
        )

    return run


C_PROGRAM = r"""
#include <stdio.h>
#include "ovt.h"

static unsigned char bytes[1 << 20], pixels[1 << 20];

int main(int argc, char** argv) {
  FILE* in = argc > 1 ? fopen(argv[1], "rb") : NULL;
  const size_t size = in != NULL ? fread(bytes, 1, sizeof bytes, in) : 0;
  ovt_file* file = NULL;
  ovt_error error;
  if (ovt_open(NULL, bytes, size, NULL, &file, &error) != OVT_OK) return puts(error.text), 1;
  const ovt_header* header = ovt_file_header(file);
  if (ovt_decode(file, NULL, NULL, pixels, sizeof pixels, 0, &error) != OVT_OK) return 2;
  fwrite(pixels, header->channels, header->width * header->height, stdout);
  ovt_file_free(file);
  return 0;
}
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler cc")
def test_a_program_in_c_links_to_the_one_archive(tmp_path):
    library = built_library()
    if library is None:
        pytest.skip("the program needs the library that make setup leaves in build/")
    (tmp_path / "show.c").write_text(C_PROGRAM)
    arguments = [str(tmp_path / "show.c"), f"-I{SOURCE.parents[1]}", str(library)]
    libraries = ["-lstdc++", "-lm", "-lpthread", "-o", str(tmp_path / "show")]
    subprocess.run(["cc", "-std=c99", "-Wall", "-Werror", *arguments, *libraries], check=True)
    file = ROOT / "tests" / "golden" / "dfm-1.ovt"
    shown = subprocess.run([tmp_path / "show", file], capture_output=True, check=True).stdout
    assert shown == decode(file.read_bytes(), num_threads=1).tobytes()


def read_pnm(path: pathlib.Path) -> np.ndarray:
    """Pixels of a PGM, PPM or PAM file."""
    kind, _, rest = path.read_bytes().partition(b"\n")
    if kind == b"P7":
        head, _, body = rest.partition(b"ENDHDR\n")
        fields = dict(line.split(b" ", 1) for line in head.splitlines())
        width, height, channels = (int(fields[key]) for key in (b"WIDTH", b"HEIGHT", b"DEPTH"))
    else:
        size, _, rest = rest.partition(b"\n")
        most, _, body = rest.partition(b"\n")
        assert most == b"255"
        width, height = map(int, size.split())
        channels = {b"P5": 1, b"P6": 3}[kind]
    return np.frombuffer(body, np.uint8).reshape(height, width, channels)


@pytest.mark.parametrize("name", [entry.name for entry in ovt.table()])
def test_it_writes_the_pixels_that_python_decodes(command, name, tmp_path):
    file, out = ROOT / "tests" / "golden" / f"{name}-1.ovt", tmp_path / "a.ppm"
    data = file.read_bytes()
    for options, expected in (
        ([], decode(data, num_threads=1)),
        (["--scale", "1.5"], decode(data, num_threads=1, scale=1.5)),
        (["--crop", "3,5.5,11,20"], decode(data, num_threads=1, crop=(3, 5.5, 11, 20))),
    ):
        done = command(str(file), str(out), *options)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        np.testing.assert_array_equal(read_pnm(out), expected)
    assert [path.name for path in tmp_path.iterdir()] == ["a.ppm"]


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_every_layout_has_a_format(command, channels, tmp_path):
    from helpers import scene

    file = tmp_path / "a.ovt"
    file.write_bytes(encode(scene(9, 14, channels), codec="sparse-dct", effort="fast"))
    assert command(str(file), str(tmp_path / "a.pam")).returncode == 0
    np.testing.assert_array_equal(read_pnm(tmp_path / "a.pam"), decode(file.read_bytes()))


def damaged(folder: pathlib.Path) -> pathlib.Path:
    """A file whose coefficients end too early, under a right checksum."""
    file = Container.from_bytes((ROOT / "tests" / "golden" / "tiled-dct-1.ovt").read_bytes())
    cut = dataclasses.replace(file, sections=(file.sections[0][:-40],))
    (folder / "damaged.ovt").write_bytes(cut.to_bytes())
    return folder / "damaged.ovt"


def test_what_is_wrong_is_one_line_and_leaves_nothing(command, tmp_path):
    data = (ROOT / "tests" / "golden" / "sparse-dct-1.ovt").read_bytes()
    (tmp_path / "cut.ovt").write_bytes(data[:-9])
    cut, out = str(tmp_path / "cut.ovt"), str(tmp_path / "out.ppm")
    for options, message in (
        ([cut, out], "the file was cut short (at byte"),
        ([str(tmp_path / "no.ovt"), out], "cannot be opened"),
        ([cut, out, "--scale", "-1"], "--scale must be above 0, got -1"),
        ([cut, out, "--scale", "inf"], "--scale must be above 0, got inf"),
        ([cut, out, "--crop", "1,2"], "--crop must be LEFT,TOP,WIDTH,HEIGHT, got 1,2"),
        ([cut, out, "--crop", "1,2,3,4x"], "--crop must be LEFT,TOP,WIDTH,HEIGHT, got 1,2,3,4x"),
        ([cut, out, "--crop", "nan,2,3,4"], "--crop must be LEFT,TOP,WIDTH,HEIGHT, got nan,2,3,4"),
        ([cut, out, "--max-bytes", "0.5"], "--max-bytes must be a whole number from 1 to"),
        ([cut, out, "--threads", "1e20"], "--threads must be a whole number from 1 to 4294967295"),
        ([cut, out, "--threads", "0"], "--threads must be a whole number from 1 to 4294967295"),
        ([cut, out, "--skale", "1"], "unknown option --skale"),
        ([cut], "usage:"),
    ):
        done = command(*options)
        assert done.returncode == 1
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1
    for place, message in (
        (str(tmp_path / "none" / "out.ppm"), "cannot be written"),
        (str(tmp_path), "is there and is no file"),
    ):
        # Said before anything is decoded, here data that is damaged.
        done = command(str(damaged(tmp_path)), place)
        assert (done.returncode, done.stderr) == (1, f"ovt_decode: {place}: {message}\n")
    (tmp_path / "damaged.ovt").unlink()
    assert command(cut, out, "--max-bytes", str(len(data) - 9)).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.ovt", "out.ppm"]
