"""Pictures drawn by the models that come with the package, and the atoms of a dictionary."""

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

import overtone
from overtone.errors import ConfigError, unknown_name
from overtone.imaging.image import to_grid
from overtone.shapes import UInt8
from overtone.studio.pictures import png
from overtone.studio.tasks import (
    AtomsRequest,
    InterpolateRequest,
    ModelsRequest,
    Part,
    Pictures,
    Report,
    SampleRequest,
)

if TYPE_CHECKING:
    from overtone.models.base import AbstractModel

MAX_IMAGES = 256
MAX_PIXELS = 1 << 24  # of all that is drawn at once


def list_models(request: ModelsRequest, pictures: Pictures, report: Report) -> Iterator[Part]:
    """What each model that comes with the package is, and what can be done with it."""
    from overtone.models.latent import AbstractLatentModel
    from overtone.models.registry import get_model_class
    from overtone.models.spectral_dictionary.model import SpectralDictionary
    from overtone.models.store import class_titles, read_summary, shipped_models

    models = []
    for name, path in shipped_models().items():
        record = read_summary(path)
        kind, spec = get_model_class(record["model"]), record["spec"]
        facts = {
            "name": name,
            "kind": record["model"],
            "width": spec["width"],
            "height": spec["height"],
            "classes": list(class_titles(name) or spec["class_names"]),
            "has_latents": issubclass(kind, AbstractLatentModel),
            "has_atoms": issubclass(kind, SpectralDictionary),
        }
        models.append(facts)
    yield Part({"models": models})


def sample(request: SampleRequest, pictures: Pictures, report: Report) -> Iterator[Part]:
    """New pictures, together in a grid."""
    model = _model(request.model)
    size = _checked_size(request, request.num_images, model)
    report(0.05, "drawing")
    drawn = overtone.sample(
        model,
        request.num_images,
        seed=request.seed,
        temperature=request.temperature,
        class_name=request.class_name,
        size=size,
        progress=report,
    )
    yield Part(_facts(drawn), {"grid": png(to_grid(drawn))})


def interpolate(request: InterpolateRequest, pictures: Pictures, report: Report) -> Iterator[Part]:
    """The pictures between the drawings of two seeds: each, and a row of all."""
    model = _model(request.model)
    size = _checked_size(request, request.num_steps, model)
    report(0.05, "drawing")
    drawn = overtone.interpolate(
        model,
        request.start,
        request.end,
        request.num_steps,
        size=size,
        temperature=request.temperature,
    )
    files = {f"{number}": png(picture) for number, picture in enumerate(drawn)}
    yield Part(_facts(drawn), {**files, "row": png(to_grid(drawn, num_columns=len(drawn)))})


def atoms(request: AtomsRequest, pictures: Pictures, report: Report) -> Iterator[Part]:
    """The atoms of most energy in a grid, and their numbers."""
    if not 1 <= request.num_atoms <= MAX_IMAGES:
        raise ConfigError(f"1 to {MAX_IMAGES} atoms are shown, got {request.num_atoms}")
    report(0.1, "looking into the dictionary")
    found = overtone.atoms(_model(request.model), request.num_atoms)
    grid = np.stack([each.picture for each in found])
    yield Part({"atoms": [each.to_json() for each in found]}, {"grid": png(to_grid(grid))})


@functools.cache
def _loaded(name: str) -> "AbstractModel":
    from overtone.models.store import load_model, shipped_models

    return load_model(shipped_models()[name])


def _model(name: str) -> "AbstractModel":
    """A model that comes with the package; a name that is none is never taken for a path.

    Raises:
        ConfigError: There is none of that name.
    """
    from overtone.models.store import shipped_models

    known = shipped_models()
    if name not in known:
        raise unknown_name("model", name, known)
    return _loaded(name)


def _checked_size(
    request: SampleRequest | InterpolateRequest, num_images: int, model: "AbstractModel"
) -> tuple[int, int] | None:
    """Height and width of what is drawn, or None for those of the model.

    Raises:
        ConfigError: Only one of them is given, or it is too much for the studio.
    """
    if (request.width is None) != (request.height is None):
        raise ConfigError("give both width and height, or neither")
    height = model.spec.height if request.height is None else request.height
    width = model.spec.width if request.width is None else request.width
    if not 1 <= num_images <= MAX_IMAGES:
        raise ConfigError(f"1 to {MAX_IMAGES} pictures are drawn at once, got {num_images}")
    if min(height, width) < 1 or num_images * height * width > MAX_PIXELS:
        raise ConfigError(
            f"{num_images} pictures of {width}x{height} pixels are more than the {MAX_PIXELS} "
            "pixels that are drawn at once here; ask for fewer or smaller ones"
        )
    return None if request.height is None else (height, width)


def _facts(drawn: UInt8[np.ndarray, "n h w c"]) -> dict[str, Any]:
    count, height, width, _ = drawn.shape
    return {"count": count, "width": width, "height": height}
