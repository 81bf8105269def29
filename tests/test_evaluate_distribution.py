"""Distances with their floors: what is compared with what, rows, warnings, refusals."""

import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image
from typing_extensions import override

from overtone.data import ImageSet
from overtone.errors import ConfigError, ImageError
from overtone.evaluate.distribution.measure import (
    ReferenceSet,
    measure_samples,
    through_jpeg,
    warnings_of,
)
from overtone.evaluate.distribution.rows import (
    DistributionRow,
    SampleSource,
    append_distribution_rows,
    read_distribution_rows,
)
from overtone.evaluate.distribution.table import distribution_table
from overtone.metrics.distribution.features.base import AbstractFeatureNetwork, Features
from overtone.metrics.distribution.registry import DISTRIBUTION_METRICS

HEIGHT, WIDTH = 6, 10


class BlockMeans(AbstractFeatureNetwork):
    """Features that can be computed by hand: means of 2x2 blocks."""

    name = "blocks"
    num_features = 15
    batch_size = 64
    weights_hash = "00000000"

    def __init__(self):
        self.num_seen = 0

    @override
    def check(self, height, width, num_channels):
        if (height, width) != (HEIGHT, WIDTH):
            raise ImageError("wrong size")

    @override
    def run(self, images):
        self.num_seen += len(images)
        blocks = images.mean(3).reshape(len(images), HEIGHT // 2, 2, WIDTH // 2, 2).mean((2, 4))
        pooled = blocks.reshape(len(images), -1).astype(np.float32)
        shares = pooled[:, :4] + 1
        return Features(pooled, shares / shares.sum(1, keepdims=True), pooled[:, ::2])


def pictures(count, seed, *, channels=1, contrast=40.0):
    rng = np.random.default_rng(seed)
    smooth = rng.normal(128, contrast, (count, HEIGHT // 2, WIDTH // 2, channels))
    pixels = smooth.repeat(2, axis=1).repeat(2, axis=2) + rng.normal(
        0, 8, (count, HEIGHT, WIDTH, 1)
    )
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def reference_set(count=200, *, other=None, channels=1, **options):
    reference = ImageSet("blocks/test", pictures(count, 1, channels=channels))
    others = None if other is None else ImageSet("blocks/train", pictures(other, 2))
    return ReferenceSet(network=BlockMeans(), images=reference, other_split=others, **options)


SOURCE = SampleSource(name="run", model="toy", prior="gaussian", temperature=1.0, core_minutes=40.0)


def test_samples_come_first_and_then_the_floors_of_real_images():
    rows = measure_samples(pictures(150, 3), reference_set(other=160), source=SOURCE)
    assert [row.compared for row in rows] == ["samples", "halves", "other-split", "jpeg-75"]
    counts = [(row.num_samples, row.num_reference) for row in rows]
    assert counts == [(150, 200), (100, 100), (150, 200), (200, 200)]
    names = {name for metric in DISTRIBUTION_METRICS for name in metric.names}
    for row in rows:
        assert set(row.values) == names
        assert set(row.errors) == {"kernel", "inception_score"}
        assert (row.features, row.weights_hash, row.reference) == (
            "blocks",
            "00000000",
            "blocks/test",
        )
        assert row.source == SOURCE


def test_floors_need_not_be_measured_again():
    with_floors = measure_samples(pictures(150, 3), reference_set(other=160), source=SOURCE)
    (alone,) = measure_samples(
        pictures(150, 3), reference_set(other=160), source=SOURCE, with_floors=False
    )
    assert alone.values == with_floors[0].values


def test_worse_samples_score_worse_and_real_ones_like_the_floor():
    good, bad = (
        measure_samples(pictures(200, 3, contrast=contrast), reference_set(), source=SOURCE)
        for contrast in (40.0, 15.0)
    )
    floor = good[1].values["frechet"]
    assert good[0].values["frechet"] < 2 * floor < bad[0].values["frechet"]
    assert bad[0].values["recall"] < good[0].values["recall"]


def test_halves_have_the_counts_of_the_samples_where_the_reference_is_large():
    rows = measure_samples(pictures(60, 3), reference_set(200), source=SOURCE)
    assert (rows[1].num_samples, rows[1].num_reference) == (60, 60)


def test_an_other_split_too_small_is_left_out():
    rows = measure_samples(pictures(150, 3), reference_set(other=149), source=SOURCE)
    assert [row.compared for row in rows] == ["samples", "halves", "jpeg-75"]


def test_measuring_is_repeatable_and_the_seed_matters():
    def values(seed):
        rows = measure_samples(pictures(150, 3), reference_set(seed=seed), source=SOURCE)
        return [row.values for row in rows]

    assert values(0) == values(0)
    assert values(0) != values(1)


def test_features_of_real_images_are_kept_and_samples_are_not(tmp_path):
    def measured(count):
        network = BlockMeans()
        with_cache = dataclasses.replace(
            reference_set(count), network=network, cache=tmp_path / "cache"
        )
        rows = measure_samples(pictures(150, 3), with_cache, source=SOURCE)
        return [row.values for row in rows], network.num_seen

    before, num_first = measured(200)
    after, num_second = measured(200)
    assert before == after
    assert (num_first, num_second) == (550, 150)
    assert measured(201)[1] == 150 + 2 * 201


def test_metrics_of_pairs_may_look_at_fewer_images():
    samples = pictures(120, 5)
    few = reference_set(num_nearest=60)
    (whole,), (part,), (again,) = (
        measure_samples(samples, each, source=SOURCE, with_floors=False)
        for each in (reference_set(), few, few)
    )
    assert (whole.num_nearest, part.num_nearest) == (None, 60)
    assert part.values == again.values
    for name in whole.values:
        is_of_pairs = name in ("precision", "recall", "density", "coverage")
        assert is_of_pairs or part.values[name] == whole.values[name], name
    assert part.values["density"] != whole.values["density"]


def test_progress_ends_at_one():
    done = []
    measure_samples(
        pictures(150, 3),
        reference_set(other=160),
        source=SOURCE,
        progress=lambda fraction, message: done.append(fraction),
    )
    assert done == sorted(done)
    assert done[-1] == 1


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_that_of_real_files(channels):
    images = pictures(3, 5, channels=channels)
    found = through_jpeg(images)
    buffer = io.BytesIO()
    shown = images[1, :, :, 0] if channels == 1 else images[1]
    Image.fromarray(shown).save(buffer, "JPEG", quality=75)
    expected = np.asarray(Image.open(buffer)).reshape(HEIGHT, WIDTH, channels)
    assert np.array_equal(found[1], expected)
    assert not np.array_equal(found, images)


def test_other_shapes_are_refused_with_both_shapes():
    with pytest.raises(ConfigError, match="are 9x6 with 1 channels, blocks/test is 10x6 with 1"):
        measure_samples(pictures(100, 1)[:, :, :9], reference_set(), source=SOURCE)
    with pytest.raises(ConfigError, match="with 3 channels"):
        measure_samples(pictures(100, 1, channels=3), reference_set(), source=SOURCE)


def test_a_handful_of_images_is_refused():
    with pytest.raises(ConfigError, match="samples: at least 50 images are needed, got 49"):
        measure_samples(pictures(49, 1), reference_set(), source=SOURCE)


def test_counts_that_mislead_are_named():
    assert warnings_of(10_000, 10_000, 128) == []
    (different,) = warnings_of(6000, 10_000, 128)
    assert "6000 samples are compared with 10000" in different
    few, rank = warnings_of(1000, 1000, 1280)
    assert "1000 images are few" in few
    assert "no full rank" in rank


def test_rows_survive_their_file(tmp_path):
    rows = measure_samples(pictures(100, 3), reference_set(), source=SOURCE)
    rows[0] = dataclasses.replace(rows[0], reconstruction_psnr_db=21.5, num_reconstructed=100)
    path = tmp_path / "new" / "toy.jsonl"
    append_distribution_rows(path, rows[:1])
    append_distribution_rows(path, rows[1:])
    again = read_distribution_rows(path.parent)
    assert [row.compared for row in again] == [row.compared for row in rows]
    assert again[0].source == SOURCE
    assert again[0].reconstruction_psnr_db == 21.5
    assert again[0].values["frechet"] == pytest.approx(rows[0].values["frechet"], rel=1e-6)
    assert read_distribution_rows(tmp_path / "none.jsonl") == []


def test_foreign_lines_are_refused():
    for line in ("[1]", "{}", json.dumps({"source": {"nome": "x"}}), "nothing"):
        with pytest.raises(ConfigError, match="not a row of distances"):
            DistributionRow.from_json(line)


def test_the_table_names_network_counts_reference_and_floors():
    rows = measure_samples(pictures(150, 3), reference_set(other=150), source=SOURCE)
    rows[0] = dataclasses.replace(rows[0], reconstruction_psnr_db=21.5, num_reconstructed=100)
    text = distribution_table(rows)
    for piece in (
        "run against blocks/test",
        "features blocks (weights 00000000)",
        "150 / 200",
        "real halves",
        "JPEG 75",
        "Fréchet distance (lower is better)",
        "±",
        "reconstruction of 100 images of blocks/test: 21.50 dB",
    ):
        assert piece in text
    assert len({len(line) for line in text.splitlines()[4:-2]}) == 1
