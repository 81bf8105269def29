"""Synthetic pictures where a data set is thin: no classes needed, each picture marked."""

import dataclasses
import hashlib
import json
import pathlib
from typing import Any

import numpy as np
import torch

from overtone import __version__
from overtone.data import ImageSet
from overtone.data.base import OnCorrupt, Split
from overtone.data.class_folders import MANIFEST
from overtone.errors import ConfigError
from overtone.files import new_folder
from overtone.metrics.distribution.features.base import AbstractFeatureNetwork
from overtone.metrics.distribution.features.registry import network_for_images
from overtone.models.base import AbstractModel, ProgressCallback
from overtone.models.compute import Device
from overtone.models.latent import AbstractLatentModel
from overtone.models.priors.kernel import KernelPrior
from overtone.models.store import find_model, load_model
from overtone.shapes import UInt8
from overtone.tasks.balance import load_source, refuse_used
from overtone.tasks.density import (
    NEIGHBOURS,
    THIN_SHARE,
    Density,
    Landing,
    check_density,
    num_thin,
)
from overtone.tasks.latents import decode_latents, encode_pixels
from overtone.tasks.sample import sample
from overtone.tasks.synthetic import NOTE, Origin, write_marked

DRAWS_PER_PICTURE = 10
# What latents are drawn from where a model can encode the pictures of thin places.
AROUND_THIN = "kernel of the thin pictures' latents"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ThinFilled:
    """What was drawn for the thin places of a set, and what changed there.

    Attributes:
        density: The set as it was: distances, and which of its pictures are thin.
        features: Name of the feature network.
        drawn_from: Distribution the latents came from; None for a model without latents.
        num_drawn: Pictures drawn, of which the added ones were chosen.
        num_landed: How many of them fell in a thin place.
        real: All pictures of the set.
        added: Pictures written, those of different thin places first.
        before: Mean distance of the thin pictures to their k-th neighbour.
        after: The same with the added pictures among the neighbours.
        control: The same with as many drawn pictures taken at random instead.
        distances_after: Distance of every real picture to its k-th neighbour, added ones counted.
    """

    density: Density
    features: str
    drawn_from: str | None
    num_drawn: int
    num_landed: int
    real: UInt8[np.ndarray, "n h w c"]
    added: UInt8[np.ndarray, "m h w c"]
    before: float
    after: float
    control: float
    distances_after: np.ndarray

    def as_json(self) -> dict[str, Any]:
        """The numbers, for a manifest."""
        return {
            "features": self.features,
            "neighbours": self.density.neighbours,
            "num_real": len(self.real),
            "num_thin": len(self.density.thin),
            "thin_from_distance": self.density.threshold,
            "num_drawn": self.num_drawn,
            "num_landed": self.num_landed,
            "num_added": len(self.added),
            "mean_distance_before": self.before,
            "mean_distance_after": self.after,
            "mean_distance_with_random_draws": self.control,
        }


def fill_thin_regions(
    source: str | ImageSet,
    out: str | pathlib.Path,
    *,
    model: str | pathlib.Path,
    count: int | None = None,
    draws: int | None = None,
    neighbours: int = NEIGHBOURS,
    share: float = THIN_SHARE,
    features: str | None = None,
    feature_weights: str | None = None,
    split: Split = "train",
    seed: int = 0,
    temperature: float = 1.0,
    prior: str | None = None,
    on_corrupt: OnCorrupt = "fail",
    device: Device = "cpu",
    progress: ProgressCallback | None = None,
) -> ThinFilled:
    """Writes synthetic pictures for the places where a data set has few; classes do not matter.

    A picture is in a thin place if its k-th nearest neighbour in feature space is far: farther than
    of all but a share of the set. Many pictures are drawn, around the latents of the thin ones
    where the model can encode them, and those kept that land in a thin place: as far from their own
    k-th real neighbour, and within that distance of a thin picture, so that what is like nothing in
    the set is left out. The new folder has no sub-folders; `manifest.json` and a text inside each
    PNG mark every picture synthetic.

    Args:
        source: What `load_images` takes, or a set.
        out: Folder to make; it must not exist, or be empty. It appears complete or not at all.
        model: Name or path of a model trained on such pictures.
        count: Pictures to add at most; as many as there are thin ones if None.
        draws: Pictures to draw and choose from; ten for each to add if None.
        neighbours: k.
        share: Share of the set's pictures that count as thin, those with the farthest neighbours.
        features: Feature network; the one that suits the model's pictures if None.
        feature_weights: File of its weights, for networks that do not bring them.
        split: Part of the source: "train", "test" or "all".
        seed: Seed for all randomness.
        temperature: Spread of the latents, see `sample`.
        prior: Distribution to draw from instead, see `sample`.
        on_corrupt: See `load_images`.
        device: Where the model computes, see `load_model`.
        progress: Called with the fraction done and a message.

    Raises:
        DataError: The source is damaged.
        ModelError: There is no such model, or its file is damaged.
        ImageError: The feature network is not made for such pictures.
        ConfigError: A number is out of range, the set is too small, no drawn picture landed in a
            thin place, or `out` is in use or the folder around it is missing.
        OSError: The folder cannot be written.
    """
    folder = pathlib.Path(out)
    refuse_used(folder, source)
    chosen = load_model(model, device=device)
    images = load_source(source, chosen, split, on_corrupt)
    check_density(len(images), neighbours, share)
    wanted = num_thin(len(images), share) if count is None else count
    num_drawn = DRAWS_PER_PICTURE * wanted if draws is None else draws
    if not 1 <= wanted <= num_drawn:
        raise ConfigError(
            f"pictures to add must be from 1 to the {num_drawn} that are drawn, got {wanted}"
        )
    spec = chosen.spec
    shape = spec.height, spec.width, spec.channels
    network = network_for_images(shape, features, feature_weights)
    report = progress or (lambda fraction, message: None)
    report(0.0, "features of the set")
    density = Density.of(network.features(images.images), neighbours=neighbours, share=share)
    report(0.2, f"drawing {num_drawn} pictures")
    thin_pictures = images.images[density.thin]
    drawn, drawn_from = _drawn(chosen, thin_pictures, num_drawn, seed, temperature, prior)
    report(0.4, "features of the drawn pictures")
    landing, filled = _chosen(density, network, images, drawn, wanted, seed, drawn_from)
    origin = Origin(
        model=str(model),
        model_kind=chosen.name,
        model_sha256=hashlib.sha256(find_model(model).read_bytes()).hexdigest(),
        prior=drawn_from,
        temperature=temperature,
    )
    with new_folder(folder) as partial:
        _write(partial, images, filled, landing, origin, seed)
    report(1.0, f"{len(filled.added)} pictures")
    return filled


def _drawn(
    model: AbstractModel,
    thin_pictures: UInt8[np.ndarray, "n h w c"],
    num_drawn: int,
    seed: int,
    temperature: float,
    prior: str | None,
) -> tuple[UInt8[np.ndarray, "m h w c"], str | None]:
    """Pictures, and what their latents were drawn from."""
    is_asked = prior is None and len(thin_pictures) > 1
    if is_asked and isinstance(model, AbstractLatentModel) and model.has_encoder:
        latents = encode_pixels(model, thin_pictures).double().numpy()
        rng = np.random.default_rng(seed)
        moved = KernelPrior.fit(latents, rng=rng).sample(
            num_drawn, rng=rng, temperature=temperature
        )
        return decode_latents(model, torch.from_numpy(moved).float(), None), AROUND_THIN
    named = prior
    if named is None and isinstance(model, AbstractLatentModel):
        named = model.prior_config.default
    pictures = sample(model, num_drawn, seed=seed, temperature=temperature, prior=prior)
    return pictures, named


def _chosen(
    density: Density,
    network: AbstractFeatureNetwork,
    images: ImageSet,
    drawn: UInt8[np.ndarray, "m h w c"],
    wanted: int,
    seed: int,
    drawn_from: str | None,
) -> tuple[Landing, ThinFilled]:
    """Where the drawn pictures landed, and what adding the chosen ones changes."""
    found = network.features(drawn)
    landing = density.landing(found)
    best = landing.spread_out(wanted)
    if not len(best):
        raise ConfigError(
            f"none of {len(drawn)} drawn pictures landed in a thin place of {images.name}; draw "
            "more, call a larger share thin, or train the model longer"
        )
    others = np.random.default_rng(seed).permutation(len(drawn))[: len(best)]
    after = density.distances_with(found[best])
    return dataclasses.replace(landing, chosen=best), ThinFilled(
        density=density,
        features=network.name,
        drawn_from=drawn_from,
        num_drawn=len(drawn),
        num_landed=int(landing.has_landed.sum()),
        real=images.images,
        added=drawn[best],
        before=float(density.distances[density.thin].mean()),
        after=float(after[density.thin].mean()),
        control=float(density.distances_with(found[others])[density.thin].mean()),
        distances_after=after,
    )


def _write(
    folder: pathlib.Path,
    images: ImageSet,
    filled: ThinFilled,
    landing: Landing,
    origin: Origin,
    seed: int,
) -> None:
    entries = []
    for index, pixels in zip(landing.chosen, filled.added, strict=True):
        entry = {
            "file": f"synthetic-{origin.model_sha256[:8]}-{seed}-{index:05d}.png",
            "synthetic": True,
            "seed": seed,
            "index": int(index),
            "num_drawn": filled.num_drawn,
            "nearest_thin": int(landing.homes[index]),
            **dataclasses.asdict(origin),
        }
        write_marked(folder, pixels, entry)
        entries.append(entry)
    manifest = {
        "synthetic": True,
        "note": NOTE,
        "overtone": __version__,
        **dataclasses.asdict(origin),
        "source": {"name": images.name, "fingerprint": images.fingerprint()},
        "thin_regions": filled.as_json(),
        "files": entries,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
