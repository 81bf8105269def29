"""Pictures coded with a trained model: what goes in comes out, and who may read it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from toy_lists import build, images_of

from overtone.bitstream.container import Container, Metadata
from overtone.cli.main import main
from overtone.codecs.info import info
from overtone.codecs.registry import decode, encode
from overtone.entropy.symbols import TOTAL, SymbolReader, SymbolWriter, counts_of
from overtone.errors import BitstreamError, ConfigError, CorruptError, UnsupportedCodecError
from overtone.imaging.image import Picture, picture_to_bytes, read_picture
from overtone.models.base import from_pixels
from overtone.models.store import save_model

SIZE = (24, 17, 3)


@pytest.fixture(scope="module")
def model():
    return build(*SIZE, quality=70)


def test_a_picture_comes_back_as_the_model_keeps_it(model):
    for image in images_of(*SIZE, count=2):
        data = encode(image, model=model)
        expected = model.vocabulary.images_of(model.vocabulary.lists_of(image[None]))[0]
        np.testing.assert_array_equal(decode(data, model=model), expected)


def test_the_file_has_the_bits_the_model_says(model):
    noise = np.random.default_rng(0).integers(0, 256, SIZE).astype(np.uint8)
    nats = model.image_nats(from_pixels(torch.from_numpy(noise[None]))).sum()
    payload = Container.from_bytes(encode(noise, model=model)).sections[0][16:]
    expected = float(nats) / math.log(2)
    assert expected > 5000
    assert abs(8 * len(payload) / expected - 1) < 0.01


def test_what_is_in_a_file_is_told_without_the_model(model):
    data = encode(images_of(*SIZE, count=1)[0], model=model)
    found = info(data)
    assert (found["codec"], found["width"], found["height"]) == ("dct-list", 17, 24)
    assert found["model_fingerprint"] == model.fingerprint().hex()
    sections = found["sections"]
    assert isinstance(sections, dict)
    assert sum(sections.values()) == len(data)
    short = dataclasses.replace(Container.from_bytes(data), sections=(b"short",))
    with pytest.raises(BitstreamError, match="fingerprint"):
        info(short.to_bytes())


def test_counts_are_whole_positive_where_legal_and_complete():
    rng = np.random.default_rng(1)
    for size in (1, 2, 77, 3000):
        legal = rng.random(size) < 0.7
        legal[rng.integers(size)] = True
        weights = rng.exponential(1, size) ** 6
        counts = counts_of(weights / weights.sum(), legal)
        assert counts.sum() == TOTAL
        assert (counts[legal] >= 1).all()
        assert (counts[~legal] == 0).all()


def test_writer_and_reader_agree_on_any_counts():
    rng = np.random.default_rng(2)
    tables = [counts_of(rng.exponential(1, size), np.ones(size, bool)) for size in (3, 200, 2, 50)]
    symbols = [int(rng.integers(len(counts))) for counts in tables]
    writer = SymbolWriter(symbols)
    assert [writer(counts) for counts in tables] == symbols
    data = writer.finish()
    reader = SymbolReader(data)
    assert [reader(counts) for counts in tables] == symbols
    reader.finish()
    assert 8 * len(data) <= writer.cost_bits + 64


def test_another_model_or_file_is_refused(model):
    data = encode(images_of(*SIZE, count=1)[0], model=model)
    other = build(*SIZE, quality=70)
    with torch.no_grad():
        other.net.patch.weight[0, 0] += 1e-6
    with pytest.raises(UnsupportedCodecError, match="another model"):
        decode(data, model=other)
    container = Container.from_bytes(data)
    plain = dataclasses.replace(container, codec_id=3).to_bytes()
    with pytest.raises(UnsupportedCodecError, match="needs no model"):
        decode(plain, model=model)
    cut = dataclasses.replace(container, sections=(container.sections[0][:40],)).to_bytes()
    with pytest.raises(BitstreamError):
        decode(cut, model=model)
    longer = dataclasses.replace(container, sections=(container.sections[0] + b"abcdefgh",))
    with pytest.raises(CorruptError):
        decode(longer.to_bytes(), model=model)


def test_pictures_of_another_size_are_refused(model):
    with pytest.raises(ConfigError, match=r"\(24, 17, 3\)"):
        encode(images_of(8, 8, 3)[0], model=model)


def test_the_commands_code_with_a_model(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save_model(tmp_path / "m.safetensors", model, {})
    pixels = images_of(*SIZE, count=1)[0]
    (tmp_path / "a.png").write_bytes(picture_to_bytes(Picture(pixels, Metadata()), ".png"))
    assert main(["encode", "a.png", "--model", "m.safetensors"]) == 0
    assert main(["decode", "a.ovt", "-o", "b.png", "--model", "m.safetensors"]) == 0
    expected = model.vocabulary.images_of(model.vocabulary.lists_of(pixels[None]))[0]
    np.testing.assert_array_equal(read_picture("b.png").pixels, expected)
    assert main(["decode", "a.ovt", "-o", "c.png"]) == 1
    assert "trained model; give --model" in capsys.readouterr().err
