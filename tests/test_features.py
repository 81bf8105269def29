"""Feature networks: shapes, refusals, and that the shipped weights are the frozen ones."""

import hashlib
import pathlib

import numpy as np
import pytest
import safetensors

from overtone import shipped
from overtone.errors import ConfigError, ImageError
from overtone.metrics.distribution.features.registry import FEATURE_NETWORKS, get_feature_network


def weights_of(name):
    folder = shipped.features_folder()
    assert folder, "overtone-image-models is not installed; run make setup"
    return folder / f"{name}.safetensors"


@pytest.fixture(scope="module")
def gray28():
    return get_feature_network("gray28")


def noise(count, height, width, channels, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, height, width, channels), dtype=np.uint8)


def test_an_unknown_network_is_named_with_its_neighbour():
    with pytest.raises(ConfigError, match="did you mean gray28"):
        get_feature_network("gray82")


@pytest.mark.parametrize("shape", [(28, 29, 1), (28, 28, 3), (32, 32, 1)])
def test_gray28_refuses_other_shapes(gray28, shape):
    with pytest.raises(ImageError, match="takes 28x28 gray"):
        gray28.extract(noise(2, *shape))


@pytest.mark.parametrize("shape", [(32, 33, 3), (32, 32, 1), (28, 28, 1)])
def test_color32_refuses_other_shapes(shape):
    with pytest.raises(ImageError, match="color32 takes 32x32 RGB images, got"):
        get_feature_network("color32").extract(noise(2, *shape))


def test_shipped_networks_take_no_weights():
    with pytest.raises(ConfigError, match="color32 brings its weights"):
        get_feature_network("color32", "other.safetensors")


def test_color32_answers_three_things_and_sees_colour():
    network = get_feature_network("color32")
    images = noise(3, 32, 32, 3)
    images[:, 10:20, 4:28] = (250, 120, 0)
    found, swapped = (network.extract(each) for each in (images, images[..., ::-1]))
    assert (found.pooled.shape, found.probabilities.shape) == ((3, 192), (3, 10))
    assert found.spatial.shape == (3, 32 * 4 * 4)
    np.testing.assert_allclose(found.probabilities.sum(1), 1, rtol=1e-5)  # float32 over 10 terms
    assert np.linalg.norm(found.pooled - swapped.pooled) > 0.1


def test_no_image_is_refused(gray28):
    with pytest.raises(ImageError, match="at least one"):
        gray28.extract(noise(0, 28, 28, 1))


def test_gray28_answers_three_things(gray28):
    found = gray28.extract(noise(3, 28, 28, 1))
    assert (found.pooled.shape, found.probabilities.shape) == ((3, 128), (3, 20))
    assert found.spatial.shape == (3, 8 * 7 * 7)
    np.testing.assert_allclose(found.probabilities.sum(1), 1, rtol=1e-5)  # float32 over 20 terms
    assert len(found[:2]) == 2


def test_features_do_not_depend_on_the_batch(gray28):
    images = noise(gray28.batch_size + 3, 28, 28, 1)
    done = []
    together = gray28.extract(images, progress=done.append)
    alone = gray28.features(images[-1:])
    # Kernels may sum in another order for another batch: float32 over 1,152 terms.
    np.testing.assert_allclose(together.pooled[-1:], alone, rtol=1e-4, atol=1e-5)
    assert done == [gray28.batch_size, gray28.batch_size + 3]


def test_gray28_tells_orientation(gray28):
    image = np.zeros((1, 28, 28, 1), np.uint8)
    image[:, 4:24, 12:16] = 255  # a one; lying, it is something else
    upright, lying = gray28.extract(image), gray28.extract(image.transpose(0, 2, 1, 3))
    assert upright.probabilities[0].argmax() == 1
    assert np.linalg.norm(upright.pooled - lying.pooled) > 0.1


@pytest.mark.parametrize(
    ("name", "digest"), [("gray28", "bb2110480509b354"), ("color32", "fbc6ba600528727a")]
)
def test_shipped_weights_are_frozen(name, digest):
    """Every published distance depends on them: other weights are another network."""
    packed = weights_of(name).read_bytes()
    assert len(packed) < 1_100_000
    assert hashlib.sha256(packed).hexdigest()[:16] == digest


@pytest.mark.parametrize("name", ["gray28", "color32"])
def test_weights_that_are_not_installed_say_how_to_get_them(name, monkeypatch):
    monkeypatch.setattr(shipped, "_folder", lambda name: None)
    with pytest.raises(ConfigError, match=rf"{name} .*; pip install overtone-image-models$"):
        get_feature_network(name)


def test_rows_name_the_weights_that_they_were_measured_with():
    assert get_feature_network("gray28").weights_hash == "b3409bb5"
    assert get_feature_network("color32").weights_hash == "69cfdd80"


@pytest.mark.parametrize(
    ("name", "accuracies"),
    [
        ("gray28", ("mnist_test_accuracy_percent", "fashion_mnist_test_accuracy_percent")),
        ("color32", ("cifar10_test_accuracy_percent",)),
    ],
)
def test_the_design_page_says_what_the_file_says(name, accuracies):
    with safetensors.safe_open(weights_of(name), "np") as file:
        stored = file.metadata()
    page = (pathlib.Path(__file__).parent.parent / "docs/design/features.md").read_text("utf-8")
    _, _, after = page.partition(f"<!-- {name}:begin -->")
    table, _, _ = after.partition(f"<!-- {name}:end -->")
    for accuracy in accuracies:
        assert f"| {stored[accuracy]} % |" in table
    assert f"| {stored['training_data']} |" in table
    training = f"{stored['core_minutes']} core-minutes, seed {stored['seed']}, {stored['date']}"
    assert training in table


def test_every_network_of_the_table_has_its_own_name():
    for name, place in FEATURE_NETWORKS.items():
        assert place.count(":") == 1, name
