"""Codecs, metrics, models and data of other packages, through entry points."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from tests.helpers import scene

import overtone
from overtone import plugins
from overtone.cli.main import main
from overtone.codecs.other_packages import PLUGIN_IDS
from overtone.codecs.registry import CODEC_IDS, get_codec
from overtone.data import load_images
from overtone.errors import ConfigError, UnsupportedCodecError
from overtone.evaluate.rate_distortion.rows import codec_version
from overtone.metrics import METRICS, all_metrics
from overtone.models.registry import get_model_class

MODULE = """
import numpy as np
from helpers import RawCodec
from overtone.data.base import AbstractLoader
from overtone.data.image_set import ImageSet
from overtone.metrics.base import Metric
from overtone.models.pca.model import Pca


class MineCodec(RawCodec):
    name = "mine"
    codec_id = 101


class LowCodec(RawCodec):
    name = "low"
    codec_id = 7


class OtherCodec(RawCodec):
    name = "other"
    codec_id = 101


class MineModel(Pca):
    name = "mine-pca"


def _max_error(*, reference, reconstruction):
    return float(np.abs(reference.astype(int) - reconstruction).max())


MAX_ERROR = Metric(
    name="max_error",
    label="largest error",
    unit="",
    best=0.0,
    higher_is_better=False,
    fn=_max_error,
)


class MineLoader(AbstractLoader):
    expected = "a file .mine"

    def finds(self, path):
        return path.suffix == ".mine"

    def splits(self, path):
        return ("all",)

    def load(self, path, split, options, name):
        images = np.zeros((3, 4, 5, 1), np.uint8)
        return ImageSet(name=name, images=images)
"""
POINTS = """
[overtone.codecs]
mine = mine_package:MineCodec
[overtone.metrics]
max_error = mine_package:MAX_ERROR
[overtone.models]
mine-pca = mine_package:MineModel
[overtone.data]
mine = mine_package:MineLoader
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a package with these entry points: a module and a dist-info folder on the path."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine_package.py").write_text(MODULE)

    def add(points, name="mine-package"):
        folder = tmp_path / f"{name.replace('-', '_')}-1.5.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
        (folder / "entry_points.txt").write_text(points)
        importlib.invalidate_caches()
        plugins._read.cache_clear()

    yield add
    sys.modules.pop("mine_package", None)
    plugins._read.cache_clear()


def test_a_codec_of_another_package_writes_files_that_decode(install):
    install(POINTS)
    image = scene(24, 41)
    data = overtone.encode(image, codec="mine", quality=90)
    assert overtone.decode(data).shape == image.shape
    assert overtone.info(data)["codec"] == "mine"
    assert codec_version("mine") == "mine-package 1.5"
    assert get_codec("mine").name == "mine"


def test_models_metrics_and_data_are_found_by_name(install, tmp_path):
    install(POINTS)
    assert get_model_class("mine-pca").name == "mine-pca"
    assert [*all_metrics()] == [*METRICS, "max_error"]
    (tmp_path / "a.mine").write_text("")
    assert load_images(str(tmp_path / "a.mine")).images.shape == (3, 4, 5, 1)


def test_a_broken_one_is_marked_in_the_list(install, capsys):
    kinds = ("codecs", "models", "metrics", "data")
    points = "".join(
        f"[overtone.{group}]\nlost = no_such_module:X\nwrong = mine_package:MAX_ERROR\n"
        for group in kinds
    )
    install(points)
    for kind in kinds:
        assert main(["list", kind, "--json"]) == 0
        rows = {row["name"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
        assert "No module named 'no_such_module'" in rows["lost"]["broken"]
        assert "of package mine-package must be " in rows["wrong"]["broken"]
        assert {name for name, row in rows.items() if "broken" in row} == {"lost", "wrong"}
        assert main(["list", kind]) == 0
        lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
        assert " BROKEN, from another package: no_such_module:X; " in lines["lost"]
        assert [name for name, line in lines.items() if "BROKEN" in line] == ["lost", "wrong"]


def test_they_are_listed_and_suggested(install, capsys):
    install(POINTS)
    for kind, name in (
        ("codecs", "mine"),
        ("metrics", "max_error"),
        ("models", "mine-pca"),
        ("data", "mine"),
    ):
        assert main(["list", kind]) == 0
        assert name in capsys.readouterr().out
    with pytest.raises(ConfigError, match="did you mean mine"):
        get_codec("mime")


def test_compare_measures_with_them_and_shows_their_column(install, tmp_path, capsys, monkeypatch):
    install(POINTS)
    monkeypatch.chdir(tmp_path)
    Image.fromarray(scene(24, 41)).save("wide.png")
    options = ["--qualities", "20,50,80", "--pictures", "1", "-o", "out"]
    assert main(["compare", "wide.png", "--codecs", "mine,jpeg", *options]) == 0
    assert "BD-rate, largest error" in capsys.readouterr().out
    assert "BD-rate (largest error)" in (tmp_path / "out" / "report.html").read_text()
    assert "largest error" in (tmp_path / "out" / "curves.svg").read_text()
    assert main(["compare", "wide.png", "--codecs", "mine,jpeg", *options]) == 0
    assert len((tmp_path / "out" / "mine.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mine = no_such_module:X", "package mine-package cannot be loaded: No module named"),
        ("mine = mine_package:Nothing", "package mine-package cannot be loaded"),
        ("mine = mine_package:MineModel", "must be a subclass of AbstractCodec with the name mine"),
        ("low = mine_package:LowCodec", "must be a codec with an id in 96..127"),
    ],
)
def test_a_broken_package_is_one_line_that_names_it(install, line, words, tmp_path, capsys):
    install(f"[overtone.codecs]\n{line}\n")
    name = line.split()[0]
    with pytest.raises(ConfigError, match=words):
        get_codec(name)
    Image.fromarray(scene(8, 9)).save(tmp_path / "a.png")
    output = str(tmp_path / "a.ovt")
    assert main(["encode", str(tmp_path / "a.png"), "-o", output, "--codec", name]) > 0
    error = capsys.readouterr().err
    assert "mine-package" in error
    assert error.count("\n") == 1
    get_codec("jpeg")  # and nothing else suffers


def test_ids_and_names_are_not_shared(install):
    install("[overtone.codecs]\nmine = mine_package:MineCodec\nother = mine_package:OtherCodec\n")
    data = overtone.encode(scene(8, 9), codec="mine", verify=False)
    with pytest.raises(ConfigError, match="codecs mine and other share the id 101"):
        overtone.decode(data)
    install("[overtone.codecs]\nmine = mine_package:OtherCodec\n", name="second-package")
    with pytest.raises(ConfigError, match="both bring mine"):
        get_codec("mine")


def test_without_the_package_the_file_says_what_it_needs(install, monkeypatch):
    install(POINTS)
    data = overtone.encode(scene(8, 9), codec="mine", verify=False)
    monkeypatch.setattr(plugins, "_read", lambda group: ())
    with pytest.raises(UnsupportedCodecError, match="install the one that wrote the file"):
        overtone.decode(data)
    monkeypatch.undo()


def test_ids_of_ours_and_of_others_are_apart():
    assert not set(CODEC_IDS) & set(PLUGIN_IDS)


def test_nothing_is_read_before_it_is_needed():
    code = """
import sys
import overtone, numpy as np
overtone.decode(overtone.encode(np.zeros((8, 9, 3), np.uint8), codec="sparse-dct"))
from overtone import plugins
assert not plugins._read.cache_info().currsize
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_scores_of_pictures_are_numbers(install):
    install(POINTS)
    metric = all_metrics()["max_error"]
    image = np.zeros((4, 5, 3), np.uint8)
    assert metric.fn(reference=image, reconstruction=image + 3) == 3
