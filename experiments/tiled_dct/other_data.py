"""Coding with a context state and a post-filter that are not those of the package."""

import contextlib
from collections.abc import Iterator
from unittest import mock

from overtone.codecs import library
from overtone.entropy.context_state import unpack_context_state


@contextlib.contextmanager
def other_data(**data: bytes) -> Iterator[None]:
    """Within it tiled-dct encodes and decodes with these instead of its own.

    Args:
        **data: What the files `context_state.bin` and `post_filter.bin` would hold.
    """
    stored = library.stored

    def read(name: str) -> bytes:
        codec, _, part = name.partition("/")
        return data[part] if codec == "tiled-dct" and part in data else stored(name)

    library.context_of.cache_clear()
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.object(library, "stored", read))
            if "context_state" in data:
                stack.enter_context(
                    mock.patch(
                        "overtone.entropy.context_state.load_context_state",
                        return_value=unpack_context_state(data["context_state"]),
                    )
                )
            yield
    finally:
        library.context_of.cache_clear()
