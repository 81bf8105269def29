"""What a worker does with one picture: reads it, calls the public function, writes the result."""

import dataclasses
import hashlib
import io
import pathlib
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import overtone
from overtone.batch import places
from overtone.batch.plan import Item, Picture
from overtone.batch.shards import Member, from_samples, with_results
from overtone.bitstream.container import Container

Facts = dict[str, Any]
# From the bytes of a file to those of its result, and what is to be known of it.
Conversion = Callable[[bytes], tuple[bytes, Facts]]
Strip = Literal["all", "gps"] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One picture as it is handed out.

    Attributes:
        given: The picture, and where its result goes, as they were named.
        item: The same with paths that hold in any working folder.
        data: The bytes of its file, where workers may not see it.
        returns_data: Whether the result goes back, to be written by the program itself.
    """

    given: Item
    item: Item
    data: bytes | None = None
    returns_data: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """What became of a job.

    Attributes:
        facts: What is to be known of the result.
        data: The result, if it was not written.
    """

    facts: Facts
    data: bytes | None


@dataclasses.dataclass(frozen=True, slots=True)
class Converting:
    """The work on one picture.

    Attributes:
        convert: Makes the result.
        marker: A file that lies where results go; a worker that does not see it sends its results
            back. Empty where every worker sees that place.
        token: What that file says.
    """

    convert: Conversion
    marker: str = ""
    token: bytes = b""

    def __call__(self, job: Job) -> Done:
        """The result, written or sent back."""
        started = time.perf_counter()
        source = job.item.picture.read() if job.data is None else job.data
        data, facts = self.convert(source)
        facts |= {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        facts["seconds"] = round(time.perf_counter() - started, 4)
        if job.returns_data or not self._sees_results():
            return Done(facts, data)
        places.write(job.item.destination, data)
        return Done(facts, None)

    def _sees_results(self) -> bool:
        try:
            return not self.marker or pathlib.Path(self.marker).read_bytes() == self.token
        except OSError:
            return False


@dataclasses.dataclass(frozen=True, slots=True)
class Encoding:
    """Pictures to files of a codec.

    Attributes:
        arguments: Those of `overtone.encode`.
        convert: Whether pictures are read that lose something by it.
        max_pixels: Largest number of pixels of a picture.
        strip: What is not kept of what the file says about the picture.
    """

    arguments: Mapping[str, Any]
    convert: bool
    max_pixels: int
    strip: Strip

    def __call__(self, source: bytes) -> tuple[bytes, Facts]:
        """The file, and the PSNR of what is decoded from it."""
        from overtone.codecs.base import full_view
        from overtone.codecs.registry import get_codec
        from overtone.codecs.view import render
        from overtone.imaging.image import read_picture
        from overtone.imaging.metadata import stripped
        from overtone.metrics.psnr import psnr_db

        picture = read_picture(io.BytesIO(source), convert=self.convert, max_pixels=self.max_pixels)
        picture = stripped(picture, self.strip)
        height, width, _ = picture.pixels.shape
        data = overtone.encode(
            picture.pixels, metadata=picture.metadata, verify=False, **self.arguments
        )
        decoded = render(
            get_codec(self.arguments["codec"]),
            data,
            full_view(width, height),
            num_threads=self.arguments["num_threads"],
        )
        reached_db = psnr_db(reference=picture.pixels, reconstruction=decoded)
        return data, {"width": width, "height": height, "psnr_db": _rounded(reached_db)}


@dataclasses.dataclass(frozen=True, slots=True)
class Repacking:
    """JPEG files with their coefficients coded anew.

    Attributes:
        limits: Arguments of `overtone.repack_jpeg`.
        strip: "gps" to leave out where the picture was taken.
    """

    limits: Mapping[str, Any]
    strip: Strip

    def __call__(self, source: bytes) -> tuple[bytes, Facts]:
        """The file, and how large the JPEG file was."""
        from overtone.imaging.metadata import without_gps

        data = overtone.repack_jpeg(source, **self.limits)
        if self.strip == "gps":
            file = Container.from_bytes(data)
            data = dataclasses.replace(file, metadata=without_gps(file.metadata)).to_bytes()
        return data, {"jpeg_bytes": len(source)}


@dataclasses.dataclass(frozen=True, slots=True)
class Decoding:
    """Compressed files to pictures.

    Attributes:
        arguments: Those of `overtone.decode`.
        max_bytes: Use the first bytes of each file only.
        strip: What is not kept of what the file says about the picture.
        suffix: Ending of the format of the pictures.
    """

    arguments: Mapping[str, Any]
    max_bytes: int | None
    strip: Strip
    suffix: str

    def __call__(self, source: bytes) -> tuple[bytes, Facts]:
        """The picture's file, and its size."""
        from overtone.codecs.registry import read_container
        from overtone.imaging.image import Picture, picture_to_bytes
        from overtone.imaging.metadata import stripped

        limit = self.arguments["max_pixels"]
        file = read_container(source, max_bytes=self.max_bytes, max_pixels=limit)
        pixels = overtone.decode(file, **self.arguments)
        picture = stripped(Picture(pixels, file.metadata), self.strip)
        height, width, _ = picture.pixels.shape
        return picture_to_bytes(picture, self.suffix), {"width": width, "height": height}


@dataclasses.dataclass(frozen=True, slots=True)
class ToJpeg:
    """Compressed files to the JPEG files with the same coefficients.

    Attributes:
        limits: Arguments of `overtone.to_jpeg`.
        max_bytes: Use the first bytes of each file only.
    """

    limits: Mapping[str, Any]
    max_bytes: int | None

    def __call__(self, source: bytes) -> tuple[bytes, Facts]:
        """The JPEG file."""
        file = source if self.max_bytes is None else overtone.shorten(source, self.max_bytes)
        return overtone.to_jpeg(file, **self.limits), {}


@dataclasses.dataclass(frozen=True, slots=True)
class Shard:
    """A tar file of results that are all there.

    Attributes:
        address: Name of the tar file.
        results: The pictures, and where their results wait.
        archive: The tar file that the pictures are from, whose other members go along; empty where
            they were files.
        left_out: Names of pictures in that tar file of which there is no result.
    """

    address: str
    results: tuple[Item, ...]
    archive: str
    left_out: frozenset[str]

    def pack(self) -> int:
        """Writes the tar file; its size."""
        results = [(each, places.read(each.destination)) for each in self.results]
        if self.archive:
            by_name = {_member(each.picture).name: (each.sample, data) for each, data in results}
            planned = self.left_out | by_name.keys()
            samples = list(
                with_results(
                    self.archive, by_name, is_replaced=lambda member: member.name in planned
                )
            )
        else:
            samples = [(each.sample, data) for each, data in results]
        data = from_samples(samples)
        places.write(self.address, data)
        return len(data)


def _member(picture: Picture) -> Member:
    assert picture.member is not None
    return picture.member


def _rounded(value: float) -> float | None:
    """To be written as JSON, which has no infinity."""
    return round(value, 4) if value < 1e6 else None
