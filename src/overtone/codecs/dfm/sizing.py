"""From bytes to a width and a depth: raw weights have a size that a formula gives."""

import dataclasses

from overtone.bitstream.container import Container, Layout, Metadata
from overtone.codecs.base import EncodeOptions
from overtone.codecs.dfm.config import DfmConfig, SizeChange, resolve
from overtone.codecs.dfm.encode import plan_of
from overtone.codecs.dfm.stream import CODEC_ID, WEIGHT_BYTES, Plan, check_limits, pack_plan
from overtone.errors import ConfigError, FitError, LimitExceededError
from overtone.kernels.fourier import MAX_WIDTH

DEEPEST = 25  # hidden layers: the most in figure 5.1 of the thesis
NEARLY = 0.9  # a file of at least this share of the largest counts as equally large
# Depths below these lose in figure 5.1 to a narrower and deeper network of nearly the same size.
_MIN_DEPTH, _MIN_DEPTH_FROM_WIDTH_9 = 5, 3


def choose_shape(shape: tuple[int, ...], options: EncodeOptions, max_bytes: int) -> tuple[int, int]:
    """Width and depth of the network whose raw weights make the best file of at most `max_bytes`.

    Of the networks that come within a tenth of the largest such file, the widest of at least five
    hidden layers (three from width 9 on) is taken: of two neighbours in size in figure 5.1 of the
    thesis with different losses that is the better one 26 times of 31 (`tests/test_thesis.py`).

    Args:
        shape: Shape of the picture: height, width, channels.
        options: A width or a depth in its settings is kept; the depth is at most 25 otherwise.
        max_bytes: Largest size of the file, its metadata included.

    Raises:
        ConfigError: Both width and depth are given.
        FitError: The smallest network takes more bytes.
    """
    config = resolve(options.preset, options.effort, options.settings)
    given = {name: options.settings[name] for name in ("width", "depth") & options.settings.keys()}
    if len(given) == 2:
        raise ConfigError("width and depth decide the size; leave out one of them, or the size")
    widths = [given["width"]] if "width" in given else range(1, MAX_WIDTH + 1)
    depths = [given["depth"]] if "depth" in given else range(1, DEEPEST + 1)
    metadata_bytes = _metadata_bytes(options.metadata)
    sizes = {}
    for width in widths:
        for depth in depths:
            plan = _plan(shape, config, width, depth)
            try:
                check_limits(plan)
            except LimitExceededError:
                continue
            sizes[width, depth] = metadata_bytes + file_bytes(plan)
    if not sizes:
        raise FitError("even the smallest network is over the limits of the format here")
    fitting = {network: size for network, size in sizes.items() if size <= max_bytes}
    if not fitting:
        size, (width, depth) = min((size, network) for network, size in sizes.items())
        raise FitError(
            f"the smallest network (width {width}, depth {depth}) makes a file of {size} bytes, "
            f"{8 * size / (shape[0] * shape[1]):.3f} bpp, not {max_bytes}; ask for at least that"
        )
    enough = NEARLY * max(fitting.values())
    return max((network for network, size in fitting.items() if size >= enough), key=preference)


def file_bytes(plan: Plan) -> int:
    """Size of the file of raw networks without metadata."""
    empty = Container(
        codec_id=CODEC_ID,
        width=plan.horizontal.length,
        height=plan.vertical.length,
        layout=Layout(plan.spec.num_outputs),
        sections=(pack_plan(plan), b""),
    )
    weights_bytes = WEIGHT_BYTES * plan.num_tiles * plan.spec.num_weights
    length_bytes = -(-weights_bytes.bit_length() // 7)  # seven bits of the length a byte
    return len(empty.to_bytes()) - 1 + length_bytes + weights_bytes


def _metadata_bytes(metadata: Metadata) -> int:
    """What metadata add to a file, whatever its sections are."""
    bare = Container(CODEC_ID, 1, 1, Layout.GRAY, (b"",))
    return len(dataclasses.replace(bare, metadata=metadata).to_bytes()) - len(bare.to_bytes())


def _plan(shape: tuple[int, ...], config: DfmConfig, width: int, depth: int) -> Plan:
    return plan_of(shape, config, SizeChange(width=width, depth=depth).of(config.sizes[0]))


def preference(network: tuple[int, int]) -> tuple[bool, int, int]:
    """The rank of a width and depth among networks of nearly the same size; more is better."""
    width, depth = network
    min_depth = _MIN_DEPTH_FROM_WIDTH_9 if width >= 9 else _MIN_DEPTH
    return depth >= min_depth, width, depth
