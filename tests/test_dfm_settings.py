"""Settings of the deep network codec: single ones, sizes by the published formula, own presets."""

import dataclasses

import numpy as np
import pytest
from PIL import Image
from tests.helpers import scene

import overtone
from overtone.bitstream.container import Container, Metadata
from overtone.cli.main import main
from overtone.codecs.base import EncodeOptions
from overtone.codecs.dfm.codec import DfmCodec
from overtone.codecs.dfm.config import Size, resolve
from overtone.codecs.dfm.encode import plan_of
from overtone.codecs.dfm.sizing import NEARLY, choose_shape, file_bytes
from overtone.codecs.registry import CODECS
from overtone.errors import ConfigError, FitError, LimitExceededError

TINY = {"width": 3, "depth": 2, "steps": 300, "fit.learning_rate": 4e-3}


def thesis(shape, channels=3, **more):
    image = scene(shape[0], shape[1], channels)
    arguments = {"codec": "dfm", "preset": "thesis", "num_threads": 1, "verify": False} | more
    return overtone.encode(image, **arguments)


def num_weights(width, depth, outputs):
    """As published, with 3 replaced by the number of outputs."""
    return 2 * (4 * width + (depth - 1) * 2**width * width + 2**width * outputs)


@pytest.mark.parametrize("channels", [1, 3])
def test_width_depth_and_steps_make_the_network_asked_for(channels):
    seen = []
    data = thesis((24, 41), channels, settings=TINY, progress=lambda f, message: seen.append(f))
    network = overtone.info(data)["network"]
    assert isinstance(network, dict)
    assert (network["width"], network["depth"]) == (3, 2)
    assert network["hidden_layers"] == [3, 3]
    assert network["weights"] == num_weights(3, 2, channels)
    assert len(Container.from_bytes(data).sections[1]) == 4 * num_weights(3, 2, channels)
    assert overtone.info(data)["kind"] == "raw"
    assert overtone.decode(data).shape == (24, 41, channels)


def test_full_names_and_short_names_reach_the_config():
    config = resolve("thesis", "default", {"steps": 7, "fit.learning_rate": 1, "margin_px": 9})
    assert (config.fit.num_steps, config.fit.learning_rate, config.margin_px) == (7, 1.0, 9)
    assert config.sizes == resolve("thesis", "default").sizes
    assert resolve("thesis", "default", {"fit.num_steps": 7, "margin_px": 9}).fit.num_steps == 7
    sizes = [{"tile_px": 0, "hidden": [4, 2], "input_scales": [1.0]}]
    assert resolve("thesis", "default", {"sizes": sizes}).sizes[0].hidden == (4, 2)


def test_width_and_depth_change_every_size_of_a_preset_and_keep_each_once():
    sizes = resolve("deep", "default", {"width": 4}).sizes
    assert [(size.tile_px, size.hidden) for size in sizes] == [
        (512, (4, 4, 4)),
        (256, (4, 4, 4)),
        (128, (4, 4, 4)),
    ]
    (size,) = resolve("thesis", "default", {"depth": 2, "tile_px": 64}).sizes
    assert size == Size(tile_px=64, hidden=(8, 8), input_scales=(1.0,))


@pytest.mark.parametrize(
    ("effort", "settings", "steps"),
    [
        ("fast", {}, 700),
        ("fast", {"steps": 500}, 500),
        ("best", {"fit.num_steps": 500}, 500),
        ("fast", {"width": 4}, 700),
    ],
)
def test_effort_leaves_steps_that_were_asked_for(effort, settings, steps):
    assert resolve("deep", effort, settings).fit.num_steps == steps


@pytest.mark.parametrize("effort", ["fast", "default", "best"])
def test_effort_leaves_a_published_recipe_as_it_is(effort):
    assert resolve("thesis", effort, {"width": 4}).fit == resolve("thesis", "default").fit


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"widht": 8}, "unknown setting widht; did you mean width"),
        (
            {"zzz": 8},
            "unknown setting zzz; known are steps, width, depth, tile_px, kind, .*fit.init",
        ),
        ({"fit": {}}, "unknown setting fit;"),
        ({"fit.learning_rat": 8}, "did you mean fit.learning_rate"),
        ({"width": 11}, r"width must be in 1\.\.10, got 11"),
        ({"depth": 0}, r"depth must be in 1\.\.64, got 0"),
        ({"depth": 65}, r"depth must be in 1\.\.64, got 65"),
        ({"width": 2.5}, "width must be of type int"),
        ({"steps": "many"}, "fit.num_steps must be of type int"),
        ({"steps": 0}, r"num_steps must be in 1\.\.1e\+09, got 0"),
        ({"tile_px": -1}, "tile_px must be 0 or in 8"),
        ({"kind": "quantised"}, "kind raw goes with"),
        ({"sizes": [{"hidden": [11]}]}, r"widths of 1\.\.10, got \(11,\)"),
        ({"sizes": [{"input_scales": [1, 3]}]}, "numbers that double"),
        ({"sizes": [{"input_scales": [0.3]}]}, "begin with a power of 2"),
        ({"sizes": [{"hidden": [4, 5]}], "depth": 3}, r"depth needs width too .* \[4, 5\]"),
    ],
)
def test_wrong_settings_are_explained_before_anything_is_fitted(settings, message):
    with pytest.raises(ConfigError, match=message):
        thesis((24, 40), settings=settings)


@pytest.mark.parametrize("name", sorted(set(CODECS) - {"coin", "dfm", "dfm-latent"}))
def test_other_codecs_refuse_settings(name):
    with pytest.raises(ConfigError, match=f"codec {name} has no settings; leave out width"):
        overtone.encode(scene(8, 8), codec=name, settings={"width": 8})


def test_a_network_that_no_decoder_would_take_is_refused_before_it_is_fitted():
    large = np.zeros((1500, 1600, 3), np.uint8)
    settings = {"width": 10, "depth": 64, "steps": 10**6}
    with pytest.raises(LimitExceededError, match="take too long"):
        overtone.encode(large, codec="dfm", preset="thesis", settings=settings)


@pytest.mark.parametrize("metadata", [Metadata(), Metadata(icc=b"profile", dpi=(72, 72))])
@pytest.mark.parametrize(("shape", "channels"), [((24, 41), 1), ((41, 24), 3), ((30, 50), 4)])
def test_the_size_foretold_is_that_of_the_file(shape, channels, metadata):
    for settings in (TINY, TINY | {"tile_px": 16}, TINY | {"width": 1, "depth": 1}):
        data = thesis(shape, channels, settings=settings | {"steps": 400}, metadata=metadata)
        config = resolve("thesis", "default", settings)
        plan = plan_of((*shape, channels), config, config.sizes[0])
        bare = dataclasses.replace(Container.from_bytes(data), metadata=Metadata())
        assert len(bare.to_bytes()) == file_bytes(plan)


def test_metadata_count_towards_a_size():
    metadata = Metadata(icc=bytes(range(256)) * 2, dpi=(72, 72))
    settings = {"steps": 300, "fit.learning_rate": 4e-3}
    data = thesis((24, 41), settings=settings, size_bytes=1200, metadata=metadata)
    bare = thesis((24, 41), settings=settings, size_bytes=1200)
    assert len(data) <= 1200
    assert len(Container.from_bytes(data).sections[1]) < len(Container.from_bytes(bare).sections[1])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("max_bytes", [700, 3000, 20_000, 88_359, 300_000])
def test_the_network_chosen_is_nearly_the_largest_that_fits(max_bytes, channels):
    options = EncodeOptions(preset="thesis")
    width, depth = choose_shape((400, 300, channels), options, max_bytes)
    overhead = 33 + depth  # header, checksums, plan
    size = 4 * num_weights(width, depth, channels)
    sizes = [4 * num_weights(w, d, channels) for w in range(1, 11) for d in range(1, 26)]
    largest = max(size for size in sizes if size + 33 <= max_bytes)
    assert size + overhead <= max_bytes + 2
    assert size + overhead >= NEARLY * largest


def test_the_size_of_the_figure_takes_the_better_of_two_networks_of_the_figure():
    # 18.40 % (width 8, depth 6) is in bin C, 17.98 % (width 9, depth 3) in bin B.
    assert choose_shape((400, 400, 3), EncodeOptions(preset="thesis"), 88_400) == (9, 3)


def test_a_width_that_is_given_is_kept():
    options = EncodeOptions(preset="thesis", settings={"width": 8})
    assert choose_shape((400, 400, 3), options, 88_400) == (8, 6)
    options = dataclasses.replace(options, settings={"depth": 6})
    assert choose_shape((400, 400, 3), options, 88_400) == (8, 6)


@pytest.mark.parametrize("goal", [{"size_bytes": 1200}, {"bpp": 8 * 1200 / (24 * 41)}])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_size_is_an_upper_limit_and_met_in_one_fit(goal, channels):
    fractions = []
    settings = {"steps": 300, "fit.learning_rate": 4e-3}
    data = thesis(
        (24, 41), channels, settings=settings, progress=lambda f, m: fractions.append(f), **goal
    )
    assert 0.85 * 1200 < len(data) <= 1200
    assert fractions == sorted(fractions)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"size_bytes": 80}, FitError, r"smallest network \(width 1, depth 1\) .* of 1\d\d bytes"),
        ({"psnr_db": 30}, ConfigError, "no quality to search for 30 dB; give a size, or settings"),
        ({"size_bytes": 900, "settings": TINY}, ConfigError, "width and depth decide the size"),
    ],
)
def test_goals_that_cannot_be_met_are_explained_before_anything_is_fitted(
    arguments, error, message
):
    def fail(fraction, text):
        raise AssertionError("it fits")

    with pytest.raises(error, match=message):
        thesis((24, 41), progress=fail, **arguments)


def test_quantised_networks_are_still_searched_by_quality():
    codec = DfmCodec()
    assert not codec.knows_size(EncodeOptions())
    assert not codec.knows_size(EncodeOptions(settings={"width": 3, "tile_px": 0}))
    assert codec.knows_size(EncodeOptions(preset="thesis"))


def test_an_interrupt_stops_a_long_fit_of_the_thesis():
    def report(fraction, message):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        thesis((64, 65), settings={"steps": 10**7}, progress=report)


PRESET = """
kind = "raw"
output = "tanh"
[[sizes]]
tile_px = 0
hidden = [4]
input_scales = [1.0]
[fit]
is_quantised = false
num_steps = 300
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(PRESET)
    Image.fromarray(scene(24, 41)).save(tmp_path / "a.png")
    return tmp_path


def test_a_preset_of_the_users_own(folder):
    data = thesis((24, 41), preset="mine.toml")
    assert overtone.info(data)["network"]["hidden_layers"] == [4]  # pyright: ignore[reportIndexIssue]
    (folder / "mine.toml").write_text(PRESET + "typo = 1\n")
    with pytest.raises(ConfigError, match=r"unknown setting fit\.typo"):
        thesis((24, 41), preset=str(folder / "mine.toml"))


def test_settings_on_the_command_line(folder, capsys):
    words = ["a.png", "-o", "a.ovt", "--codec", "dfm", "--preset", "mine.toml"]
    assert main(["encode", *words, "--set", "width=3", "--set", "depth=2"]) == 0
    assert main(["info", "a.ovt"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    for line in (["network.width", "3"], ["network.depth", "2"], ["kind", "raw"]):
        assert line in lines
    assert ["network.weights", str(num_weights(3, 2, 3))] in lines


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "width=3"], "codec tiled-dct has no settings; leave out width"),
        (["--codec", "dfm", "--set", "width"], "a setting is written a.b=value, got width"),
        (["--codec", "dfm", "--preset", "no.toml"], "cannot read the preset no.toml: No such file"),
        (["--model", "m", "--set", "width=3"], "leave out --lossless and --model"),
        (["--codec", "dfm", "--preset", "thesis", "--bytes", "50"], "the smallest network"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder, capsys, words, message):
    is_work = "--preset" in words  # a missing file, or a size that no network has
    assert main(["encode", "a.png", "-o", "b.ovt", *words]) == (1 if is_work else 2)
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (folder / "b.ovt").exists()
