"""Files of pictures that nothing in the codec was learned from, coded by cross-validation."""

import dataclasses
import json
import pathlib

from overtone.errors import ConfigError
from overtone.evaluate.json_lines import read_json_lines


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutRow:
    """A file of a picture, coded with what was learned on others.

    Attributes:
        image: Name of the picture.
        learned_on: Names of the pictures that the codec's tables were learned from.
        effort: Effort of the encoder.
        quality: The dial the file was written with.
        size_bytes: Length of the file.
        rate_bpp: Bits of the file per pixel.
        psnr_db: PSNR of the decoded 8-bit pixels.
        commit: Commit of this package.
        machine: What it was measured on.
        date: Time of the measurement, UTC.
        target_bpp: None: the rate is not searched for.
    """

    image: str
    learned_on: tuple[str, ...]
    effort: str
    quality: float
    size_bytes: int
    rate_bpp: float
    psnr_db: float
    commit: str
    machine: str
    date: str
    target_bpp: None = None

    @classmethod
    def from_json(cls, line: str) -> "HeldOutRow":
        """The row of one line.

        Raises:
            ConfigError: It is not such an object, or the picture is among those learned from.
        """
        try:
            record = json.loads(line)
            row = cls(**{**record, "learned_on": tuple(record["learned_on"])})
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigError(f"not a row of held-out results: {error}: {line[:80]!r}") from error
        if row.image in row.learned_on:
            raise ConfigError(f"{row.image} is among the pictures learned from")
        return row


def read_held_out(path: pathlib.Path) -> list[HeldOutRow]:
    """The rows of a JSON-lines file; none if there is no file.

    Raises:
        ConfigError: A line is no such row; the message names file and line.
    """
    return read_json_lines(path, HeldOutRow.from_json)
