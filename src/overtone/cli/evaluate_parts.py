"""The long parts of `overtone evaluate`, in this process or on a cluster: samples and features."""

import contextlib
import dataclasses
import functools
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from overtone.batch.cluster import Cluster
from overtone.batch.samples import features_on, sample_on
from overtone.cli.cluster import OnCluster
from overtone.cli.progress import progress_bar
from overtone.data import ImageSet
from overtone.evaluate.distribution.measure import ReferenceSet, measure_samples
from overtone.evaluate.distribution.rows import DistributionRow
from overtone.evaluate.distribution.sample_source import Drawn, class_title, draw, drawn_from
from overtone.models.base import AbstractModel
from overtone.models.compute import torch_threads
from overtone.tasks.sample import Drawing


class Measuring:
    """Draws and measures, each with a bar; on a cluster, if there is one, while the context lasts.

    Args:
        on_cluster: Where it is done.
        weights: File of the weights of the feature network.
        quiet: Show no bars.
    """

    def __init__(self, on_cluster: OnCluster, weights: str | None, quiet: bool) -> None:
        self._on_cluster, self._weights, self._quiet = on_cluster, weights, quiet
        self._stack = contextlib.ExitStack()
        self._cluster: Cluster | None = None

    def __enter__(self) -> "Measuring":
        if self._on_cluster.address is not None:
            self._cluster = self._stack.enter_context(self._on_cluster.connected(quiet=self._quiet))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def draw(
        self, source: str, opened: AbstractModel | ImageSet, count: int, how: Mapping[str, Any]
    ) -> Drawn:
        """The samples.

        Args:
            source: Name or path of the model or of the pictures.
            opened: The model or the pictures.
            count: How many.
            how: Seed, prior, temperature and conditioning, as for `draw`.
        """
        threads = self._on_cluster.threads
        with progress_bar("drawing", quiet=self._quiet) as progress, torch_threads(threads):
            if self._cluster is None or isinstance(opened, ImageSet):
                return draw(source, count, opened=opened, progress=progress, **how)
            conditioning = how["conditioning"]
            drawing = Drawing(
                seed=how["seed"],
                temperature=how["temperature"],
                class_name=class_title(opened, conditioning),
                prior=how["prior"],
                guidance=conditioning.guidance,
            )
            images = sample_on(self._cluster, source, opened, count, drawing, progress)
        return drawn_from(opened, source, images, how["prior"], how["temperature"], conditioning)

    def rows(self, drawn: Drawn, reference_set: ReferenceSet) -> list[DistributionRow]:
        """The rows of the samples and of the floors."""
        if self._cluster is not None:
            extract = functools.partial(
                features_on, self._cluster, reference_set.network, self._weights
            )
            reference_set = dataclasses.replace(reference_set, extract=extract)
        threads = self._on_cluster.threads
        with progress_bar("measuring", quiet=self._quiet) as progress, torch_threads(threads):
            return measure_samples(
                drawn.images, reference_set, source=drawn.source, progress=progress
            )
