"""Pictures and files that the studio holds in memory: a bounded number, the oldest go first."""

import collections
import dataclasses
import secrets
import threading
from typing import TypeVar, final

import numpy as np

from overtone.shapes import UInt8
from overtone.studio.failures import NotHeldError

_T = TypeVar("_T")


@dataclasses.dataclass(frozen=True, slots=True)
class HeldPicture:
    """A picture that was uploaded.

    Attributes:
        name: What its file was called; a text to show, never a path to open.
        pixels: Upright, sRGB, 8 bits a sample.
    """

    name: str
    pixels: UInt8[np.ndarray, "h w c"]

    @property
    def size_bytes(self) -> int:
        """Memory that it takes."""
        return self.pixels.nbytes


@dataclasses.dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that a job has made, for the page to show or to save.

    Attributes:
        media_type: Its type, such as "image/png".
        data: The whole file.
    """

    media_type: str
    data: bytes

    @property
    def size_bytes(self) -> int:
        """Memory that it takes."""
        return len(self.data)


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    session: str
    item: HeldPicture | HeldFile


@final
class Shelf:
    """What is held, by keys that cannot be guessed; what was not asked for longest goes first."""

    def __init__(self, *, max_items: int, max_bytes: int) -> None:
        self._places: collections.OrderedDict[str, _Place] = collections.OrderedDict()
        self._max_items, self._max_bytes = max_items, max_bytes
        self._num_bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._places)

    def put(self, session: str, item: HeldPicture | HeldFile) -> str:
        """Holds an item of a page and returns its key; others make room for it.

        Args:
            session: The page that it belongs to.
            item: What to hold.
        """
        key = secrets.token_urlsafe(12)
        with self._lock:
            self._places[key] = _Place(session, item)
            self._num_bytes += item.size_bytes
            while len(self._places) > 1 and self._is_over_limits():
                self._drop(next(iter(self._places)))
        return key

    def get(self, key: str, kind: type[_T]) -> _T:
        """The item of a key, which now goes last.

        Raises:
            NotHeldError: There is none of that kind, or it has made room for others.
        """
        with self._lock:
            place = self._places.get(key)
            if place is None or not isinstance(place.item, kind):
                raise NotHeldError("this picture is no longer held here; drop it once more")
            self._places.move_to_end(key)
            return place.item

    def forget(self, session: str) -> None:
        """Lets go of everything that belongs to a page."""
        with self._lock:
            for key in [key for key, each in self._places.items() if each.session == session]:
                self._drop(key)

    def _is_over_limits(self) -> bool:
        return len(self._places) > self._max_items or self._num_bytes > self._max_bytes

    def _drop(self, key: str) -> None:
        self._num_bytes -= self._places.pop(key).item.size_bytes
