"""Pictures drawn from a model, and features of pictures, by the workers of a cluster."""

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import numpy as np

from overtone.batch.cluster import Cluster
from overtone.errors import ModelError
from overtone.metrics.distribution.features.base import AbstractFeatureNetwork, Features
from overtone.metrics.distribution.features.registry import get_feature_network
from overtone.models.base import AbstractModel, ProgressCallback
from overtone.models.compute import torch_threads
from overtone.models.store import MODEL_FILE, load_model
from overtone.shapes import UInt8
from overtone.tasks.sample import Chunk, Drawing, check_drawing, chunks_of, draw_chunk

_PICTURES = 256  # about so many go to a feature network together

Payload = TypeVar("Payload")
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True, slots=True)
class _Part(Generic[Payload]):
    """A part of the work: which it is, how many pictures it is about, and what it needs."""

    number: int
    count: int
    payload: Payload


@dataclasses.dataclass(frozen=True, slots=True)
class _Drawer:
    """The work on one chunk of samples."""

    model: str
    drawing: Drawing
    threads: int

    def __call__(self, part: _Part[Chunk]) -> UInt8[np.ndarray, "n h w c"]:
        with torch_threads(self.threads):
            return draw_chunk(_model_named(self.model), part.payload, self.drawing)


@dataclasses.dataclass(frozen=True, slots=True)
class _Extractor:
    """The work on one chunk of pictures."""

    network: str
    weights: str | None
    threads: int

    def __call__(self, part: _Part[np.ndarray]) -> Features:
        with torch_threads(self.threads):
            return _network_named(self.network, self.weights).extract(part.payload)


def sample_on(
    cluster: Cluster,
    name: str,
    model: AbstractModel,
    num_images: int,
    drawing: Drawing,
    progress: ProgressCallback | None = None,
) -> UInt8[np.ndarray, "n h w c"]:
    """As `overtone.sample`: the same pictures, where as many threads draw them.

    Args:
        cluster: The workers.
        name: What `load_model` finds the model by, on every machine.
        model: The same model, to check the request with.
        num_images: How many.
        drawing: How they are drawn.
        progress: Called with the fraction done and a message.

    Raises:
        ConfigError: See `overtone.sample`.
        ModelError: A worker does not find the model.
    """
    check_drawing(model, num_images, drawing)
    work = _Drawer(_seen_from_everywhere(name), drawing, cluster.threads)
    parts = (_Part(chunk.number, chunk.count, chunk) for chunk in chunks_of(num_images))

    def report(num_done: int) -> None:
        if progress is not None:
            progress(num_done / num_images, f"{num_done} pictures")

    return np.concatenate(_in_order(cluster, work, parts, report))


def features_on(
    cluster: Cluster,
    network: AbstractFeatureNetwork,
    weights: str | None,
    images: UInt8[np.ndarray, "n h w c"],
    progress: Callable[[int], None],
) -> Features:
    """As `network.extract`: the same features, where as many threads compute them.

    Args:
        cluster: The workers.
        network: The network, to check the pictures with.
        weights: File of its weights, for networks that do not bring them, on every machine.
        images: The pictures.
        progress: Called with the number of pictures done.

    Raises:
        ImageError: There is no image, or the shape is not the network's.
    """
    network.check(*images.shape[1:])
    # Whole batches of the network, so that what goes through it together is what always does.
    size = network.batch_size * max(1, _PICTURES // network.batch_size)
    chunks = (images[start : start + size] for start in range(0, len(images), size))
    numbered = (_Part(number, len(chunk), chunk) for number, chunk in enumerate(chunks))
    path = None if weights is None else _seen_from_everywhere(weights)
    parts = _in_order(cluster, _Extractor(network.name, path, cluster.threads), numbered, progress)
    return Features(
        np.concatenate([part.pooled for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.spatial for part in parts]),
    )


def _in_order(
    cluster: Cluster,
    work: Callable[[_Part[Payload]], Result],
    parts: Iterable[_Part[Payload]],
    report: Callable[[int], None],
) -> list[Result]:
    """The result of every part, in their order; the first failure ends it."""
    results: dict[int, Result] = {}
    num_done = 0
    for part, result in cluster.finished(work, parts):
        if isinstance(result, Exception):
            raise result
        results[part.number] = result
        num_done += part.count
        report(num_done)
    return [results[number] for number in sorted(results)]


def _seen_from_everywhere(name: str) -> str:
    """A path that holds in any working folder; the name of a shipped model stays a name.

    It does also where a folder of that name holds something else, of data perhaps.
    """
    is_path = os.path.isfile(name) or os.path.isfile(os.path.join(name, MODEL_FILE))
    return os.path.abspath(name) if is_path else name


@functools.cache
def _model_named(name: str) -> AbstractModel:
    try:
        return load_model(name)
    except ModelError as error:
        raise ModelError(f"{error}; a worker must see the model where this program does") from error


@functools.cache
def _network_named(name: str, weights: str | None) -> AbstractFeatureNetwork:
    return get_feature_network(name, weights)
