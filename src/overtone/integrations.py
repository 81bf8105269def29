"""`.ovt` files for loaders of training data: webdataset, Ray Data and the like."""

import numpy as np

from overtone.codecs.registry import decode
from overtone.shapes import UInt8


def ovt(key: str, value: bytes) -> UInt8[np.ndarray, "h w c"] | None:
    """The pixels of a sample's `.ovt` file; None, which leaves it to others, of anything else.

    A handler for `webdataset.WebDataset(...).decode(ovt)`. For Ray Data it takes the path and the
    bytes of a row of `ray.data.read_binary_files(..., include_paths=True)`.

    Args:
        key: What the file is called, at least its ending.
        value: The whole file.

    Raises:
        BitstreamError: The file is foreign or damaged.
    """
    if not key.lower().endswith(".ovt"):
        return None
    # Loaders run one process for each processor.
    return decode(value, num_threads=1)
