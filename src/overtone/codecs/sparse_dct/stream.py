"""Levels of all components to the section of a file and back, coarse to fine."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from overtone.bitstream.container import Container
from overtone.bitstream.writer import Writer
from overtone.codecs.sparse_dct.header import SparseDctHeader
from overtone.entropy import context_state
from overtone.errors import CorruptError
from overtone.kernels import sparse_dct
from overtone.shapes import Int16, Int64
from overtone.transform.levels import Sampling

PACKAGE = "overtone.codecs.sparse_dct"  # where the initial context state is


@dataclasses.dataclass(frozen=True)
class Coefficients:
    """What a file holds.

    Attributes:
        levels: Levels of each component: Y, Cb, Cr, alpha, or gray, alpha.
        tables: Quantiser steps of each component, zigzag order.
        sampling: Sizes of the components.
    """

    levels: list[Int16[np.ndarray, "bands _rows _columns"]]
    tables: list[Int64[np.ndarray, " bands"]]
    sampling: Sampling


def pack_levels(
    levels: Sequence[Int16[np.ndarray, "bands _rows _columns"]],
    tables: Sequence[Int64[np.ndarray, " bands"]],
) -> bytes:
    """The coefficient stream; components are Y, Cb, Cr, alpha, as many as there are."""
    order = coded_order(len(levels))
    state = context_state.load_context_state(PACKAGE)
    return sparse_dct.encode([levels[c] for c in order], [tables[c] for c in order], state)


def read_coefficients(container: Container) -> Coefficients:
    """The coefficients of a file; of a prefix, what it says, and zero or a prediction for the rest.

    Raises:
        CorruptError: The stream is cut and should not be, or goes on after the last coefficient.
    """
    header, stream = read_section(container)
    sampling = header.sampling(container)
    tables = header.steps(sampling.channels)
    order = coded_order(sampling.channels)
    found = sparse_dct.decode(
        stream,
        [sampling.grid(c) for c in order],
        [tables[c] for c in order],
        context_state.load_context_state(PACKAGE),
        is_prefix=header.is_prefix,
    )
    levels = [found[order.index(c)] for c in range(len(order))]
    return Coefficients(levels, tables, sampling)


def read_section(container: Container) -> tuple[SparseDctHeader, bytes]:
    """Settings and coefficient stream of a file."""
    if len(container.sections) != 1:
        raise CorruptError(f"codec sparse-dct has 1 section, the file {len(container.sections)}")
    reader = container.reader(0)
    header = SparseDctHeader.read(reader, channels=int(container.layout))
    return header, reader.take(reader.remaining, "coefficients")


def write_section(header: SparseDctHeader, stream: bytes) -> bytes:
    """The section of a file."""
    writer = Writer()
    header.write(writer)
    writer.put(stream)
    return writer.to_bytes()


def coded_order(num_components: int) -> list[int]:
    """Components as they are coded: Cr before Cb, as in the paper's figure."""
    return [0, 2, 1, 3][:num_components] if num_components >= 3 else [*range(num_components)]
