"""What the page may ask for that takes long: the requests, and the parts of an answer."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Literal, Protocol

import numpy as np

from overtone.codecs.base import Effort
from overtone.config import from_mapping
from overtone.editing.notch import THRESHOLD_DB
from overtone.errors import unknown_name
from overtone.shapes import UInt8
from overtone.studio.shelf import HeldFile

Report = Callable[[float, str], None]  # share of the work done, 0..1, and a message
Pictures = Mapping[str, UInt8[np.ndarray, "h w c"]]  # field of a request -> its pixels


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """A part of an answer.

    Attributes:
        facts: What JSON can hold.
        files: Files that come with it, by the names that the page knows them by.
    """

    facts: dict[str, Any]
    files: dict[str, HeldFile] = dataclasses.field(default_factory=dict)


class Task(Protocol):
    """Work on a request: gives the parts of the answer as they are done."""

    def __call__(self, request: Any, pictures: Pictures, report: Report) -> Iterator[Part]:
        """`pictures` are those that the request names."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CompareRequest:
    """A picture as `tiled-dct`, and as other codecs at as many bytes."""

    picture: str
    bpp: float = 0.3
    codecs: tuple[str, ...] = ("jpeg", "webp", "avif")
    effort: Effort = "default"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AnalyseRequest:
    """The spectrum of a picture, and the periodic patterns in it.

    Attributes:
        picture: What is looked at.
        closely: Look for all that a notch would take out, which takes out one after the other; or
            only for what stands out at once.
        threshold_db: How far a pattern stands out, decibels, where it is looked for closely.
    """

    picture: str
    closely: bool = True
    threshold_db: float = THRESHOLD_DB


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BandGain:
    """Factor of a band: "low", "mid", "high" or a range of cycles per image such as "8-40"."""

    band: str
    factor: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """A pattern to take out: cycles per image to the right and down."""

    x: float
    y: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EditRequest:
    """A picture with its frequencies changed, as by `overtone.edit`.

    Attributes:
        picture: What is edited.
        gains: Factors of bands.
        patterns: Periodic patterns to take out.
        other: A second picture.
        match: Take over the radial spectrum of the second picture.
        mix: Take the second picture's frequencies above the cutoff.
        cutoff: Cycles per image; half of the octaves by default.
        luma_only: Change the brightness and leave the colours.
        edge_octaves: Width of the soft edges of bands.
        quick: Answer with a smaller picture where that shows the same.
    """

    picture: str
    gains: tuple[BandGain, ...] = ()
    patterns: tuple[Frequency, ...] = ()
    other: str | None = None
    match: bool = False
    mix: bool = False
    cutoff: float | None = None
    luma_only: bool = False
    edge_octaves: float = 1.0
    quick: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModelsRequest:
    """The models that come with the package."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SampleRequest:
    """New pictures of a model, as by `overtone.sample`."""

    model: str
    num_images: int = 16
    seed: int = 0
    temperature: float = 1.0
    class_name: str | None = None
    width: int | None = None
    height: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class InterpolateRequest:
    """Pictures between the drawings of two seeds, as by `overtone.interpolate`."""

    model: str
    start: int = 1
    end: int = 2
    num_steps: int = 12
    temperature: float = 1.0
    width: int | None = None
    height: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AtomsRequest:
    """The atoms of a spectral dictionary, as by `overtone.atoms`."""

    model: str
    num_atoms: int = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work: what is asked, and "module:function" of its `Task`."""

    request: type
    task: str


KINDS: dict[str, Kind] = {
    "compare": Kind(CompareRequest, "overtone.studio.compare:compare"),
    "analyse": Kind(AnalyseRequest, "overtone.studio.edit:analyse"),
    "edit": Kind(EditRequest, "overtone.studio.edit:edit"),
    "models": Kind(ModelsRequest, "overtone.studio.draw:list_models"),
    "sample": Kind(SampleRequest, "overtone.studio.draw:sample"),
    "interpolate": Kind(InterpolateRequest, "overtone.studio.draw:interpolate"),
    "atoms": Kind(AtomsRequest, "overtone.studio.draw:atoms"),
}
PICTURE_FIELDS: tuple[Literal["picture", "other"], ...] = ("picture", "other")


def parse_request(kind: str, settings: Mapping[str, Any]) -> Any:
    """The request of a kind from what the page sent.

    Raises:
        ConfigError: The kind or a setting is unknown, missing or of the wrong type.
    """
    if kind not in KINDS:
        raise unknown_name("kind of work", kind, KINDS)
    return from_mapping(KINDS[kind].request, settings)


def task_of(kind: str) -> Task:
    """The function that does the work of a kind."""
    module, _, name = KINDS[kind].task.partition(":")
    return getattr(import_module(module), name)
