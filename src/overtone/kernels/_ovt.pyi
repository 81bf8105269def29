from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

VERSION: int

class Failure(Exception): ...  # noqa: N818

def codecs() -> list[tuple[int, str, bool]]: ...
def data_names(codec_id: int) -> list[str]: ...

class Context:
    def __init__(self) -> None: ...
    def add_data(self, name: str, data: bytes) -> None: ...
    def has_data(self, name: str) -> bool: ...

class File:
    def __init__(
        self,
        context: Context | None,
        data: bytes,
        *,
        max_pixels: int = 0,
        max_bytes: int = 0,
    ) -> None: ...
    @property
    def header(self) -> tuple[int, int, int, int]: ...
    @property
    def metadata(self) -> tuple[bytes, bytes, float, float]: ...
    @property
    def sections(self) -> list[tuple[int, bytes]]: ...

class Decoder:
    def __init__(
        self,
        file: File,
        *,
        box: tuple[float, float, float, float],
        size: tuple[int, int],
        num_threads: int,
        isa: str,
        check: Callable[[], None] | None = None,
    ) -> None: ...
    def next(self) -> NDArray[np.uint8] | None: ...
