"""One comparison of two sets of images is one row: its record and JSON-lines files of rows."""

import dataclasses
import json
import math
import pathlib
from typing import Any, Literal

from overtone.errors import ConfigError
from overtone.evaluate.json_lines import append_json_lines, read_json_lines

# What was compared with the reference: samples, or real images as a floor for these.
Compared = Literal["samples", "halves", "other-split", "jpeg-75"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SampleSource:
    """The model or the pictures that samples come from.

    Attributes:
        name: Name of the run, model file, folder or archive.
        model: Name of the model's kind; None for pictures.
        preset: Preset that the training started from.
        core_minutes: Processor time of the training, minutes.
        steps: Number of training steps.
        images_seen: Training images that these steps were made of, repeated ones counted again.
        num_parameters: Number of trained parameters.
        prior: Prior that the latents were drawn from; None is the model's own choice.
        temperature: Spread of the latents.
        guidance: How far the model went towards the class of each sample; 1 is what was learned.
        class_name: The class that all samples are of; None for all classes.
    """

    name: str
    model: str | None = None
    preset: str | None = None
    core_minutes: float | None = None
    steps: int | None = None
    images_seen: int | None = None
    num_parameters: int | None = None
    prior: str | None = None
    temperature: float | None = None
    guidance: float | None = None
    class_name: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DistributionRow:
    """How far one set of images is from another.

    Attributes:
        compared: "samples", or which real images: "halves" of the reference with each other,
            the "other-split" of the same data or the reference as "jpeg-75" with the reference.
        source: Where the samples come from; for a floor, the samples it was measured for.
        reference: Name of the set of real images.
        reference_hash: Hash of its pixels and labels.
        num_samples: Number of images compared.
        num_reference: Number of images they were compared with.
        features: Name of the feature network.
        weights_hash: Hash of that network's weights.
        values: Name of each distribution metric to its value.
        errors: Name to standard error, for those metrics that have one.
        reconstruction_psnr_db: PSNR from the mean squared error of all reconstructions; None where
            nothing is reconstructed.
        num_reconstructed: Images of the reference that were encoded and decoded.
        num_nearest: Images of either set that precision, recall, density and coverage are taken
            from; None for all.
        nearest_sample: Median distance of a sample to the nearest training picture, as the root
            mean squared difference of pixels in levels of 255; None where it is not measured.
        nearest_real: The same of real pictures that were not trained on; where there are none, of
            training pictures to the nearest other.
        nearer_to_training: Share of pairs of a sample and such a real picture in which the sample
            is nearer to its training picture: 0.5 if they are alike, 1 for copies.
        seed: Seed for the samples and for the choice of images.
        version: Version of this package.
        commit: Commit of this package; "unknown" outside a checkout.
        machine: What it was measured on.
        date: Time of the measurement, UTC.
    """

    compared: Compared
    source: SampleSource
    reference: str
    reference_hash: str
    num_samples: int
    num_reference: int
    features: str
    weights_hash: str
    values: dict[str, float]
    errors: dict[str, float]
    reconstruction_psnr_db: float | None = None
    num_reconstructed: int | None = None
    num_nearest: int | None = None
    nearest_sample: float | None = None
    nearest_real: float | None = None
    nearer_to_training: float | None = None
    seed: int
    version: str
    commit: str
    machine: str
    date: str

    def to_json(self) -> str:
        """One line of a results file."""
        return json.dumps(_rounded(dataclasses.asdict(self)), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> "DistributionRow":
        """The row of one line.

        Raises:
            ConfigError: It is not an object with exactly these fields.
        """
        try:
            record = json.loads(line)
            return cls(**{**record, "source": SampleSource(**record["source"])})
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigError(f"not a row of distances: {error}: {line[:80]!r}") from error


def _rounded(value: Any) -> Any:
    """Numbers to seven significant digits; the PSNR of equal pictures becomes null."""
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return value


def read_distribution_rows(path: pathlib.Path) -> list[DistributionRow]:
    """The rows of a JSON-lines file, or of all such files in a folder; none if there is no file.

    Raises:
        ConfigError: A line is no row; the message names file and line.
    """
    if path.is_dir():
        return [
            row for file in sorted(path.glob("*.jsonl")) for row in read_distribution_rows(file)
        ]
    return read_json_lines(path, DistributionRow.from_json)


def append_distribution_rows(path: pathlib.Path, rows: list[DistributionRow]) -> None:
    """Adds rows to a file and makes the file if there is none; all or none are written."""
    append_json_lines(path, [row.to_json() for row in rows])
