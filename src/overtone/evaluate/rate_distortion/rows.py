"""One measured file is one row: its record, its provenance, and JSON-lines files of rows."""

import dataclasses
import hashlib
import json
import math
import pathlib
from collections.abc import Iterable, Mapping

import numpy as np

import overtone
from overtone import plugins
from overtone.codecs.registry import CODEC_IDS, CODECS
from overtone.errors import ConfigError
from overtone.evaluate.json_lines import append_json_lines, read_json_lines
from overtone.shapes import UInt8


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one file of one picture cost and how good it is.

    Attributes:
        suite: Name of the set of pictures.
        image: Name of the picture in it.
        image_hash: Hash of its pixels, which tells two pictures of one name apart.
        height: Height of the picture, pixels.
        width: Width of the picture, pixels.
        codec: Key in the table of codecs.
        preset: Preset of the codec; None is its own choice.
        effort: Effort of the encoder.
        quality: The dial the file was written with.
        target_bpp: The rate that was asked for, if the quality was searched for.
        size_bytes: Length of the file.
        rate_bpp: Bits of the file per pixel.
        psnr_db: PSNR of the decoded 8-bit pixels, dB; inf for equal pictures (null in JSON).
        ms_ssim: MS-SSIM of the same pixels, 0..1.
        encode_s: Wall clock of the one encoding that wrote the file.
        decode_s: Median wall clock of five decodings after one to warm up.
        num_threads: Given to both; JPEG, WebP, AVIF and JPEG 2000 use one.
        seed: Seed of the encoder.
        version: What wrote the file: this package, or Pillow and its library.
        commit: Commit of this package; "unknown" outside a checkout.
        machine: What it was measured on.
        date: Time of the measurement, UTC.
        other_scores: Scores by further metrics, by name; a row of before there was one lacks it.
            In JSON they are columns like the others.
    """

    suite: str
    image: str
    image_hash: str
    height: int
    width: int
    codec: str
    preset: str | None
    effort: str
    quality: float
    target_bpp: float | None
    size_bytes: int
    rate_bpp: float
    psnr_db: float
    ms_ssim: float
    encode_s: float
    decode_s: float
    num_threads: int
    seed: int
    version: str
    commit: str
    machine: str
    date: str
    other_scores: Mapping[str, float] = dataclasses.field(default_factory=dict, hash=False)

    def to_json(self) -> str:
        """One line of a results file."""
        record = dataclasses.asdict(self)
        scores = {"psnr_db": self.psnr_db, **record.pop("other_scores")}
        record |= {name: None if math.isinf(score) else score for name, score in scores.items()}
        rounded = {
            key: round(value, 6) if isinstance(value, float) else value
            for key, value in record.items()
        }
        return json.dumps(rounded, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> "Row":
        """The row of one line.

        Raises:
            ConfigError: It is not an object with these fields, and numbers by other metrics.
        """
        try:
            record = json.loads(line)
            if record.get("psnr_db", 0) is None:
                record["psnr_db"] = math.inf
            known = {field.name for field in dataclasses.fields(cls)} - {"other_scores"}
            others = {name: record.pop(name) for name in record.keys() - known}
            return cls(**record, other_scores=_scores(others))
        except (ValueError, TypeError, AttributeError) as error:
            raise ConfigError(f"not a row of results: {error}: {line[:80]!r}") from error


def _scores(columns: Mapping[str, object]) -> dict[str, float]:
    """Scores by further metrics, in the order of their names; null is infinite."""
    scores = {}
    for name in sorted(columns):
        score = math.inf if columns[name] is None else columns[name]
        if isinstance(score, bool) or not isinstance(score, int | float):
            raise TypeError(f"{name} is no column of it, and no score: {score!r}")
        scores[name] = float(score)
    return scores


def read_rows(path: pathlib.Path) -> list[Row]:
    """The rows of a JSON-lines file, or of all such files in a folder; none if there is no file.

    Raises:
        ConfigError: A line is no row; the message names file and line.
    """
    if path.is_dir():
        return [row for file in sorted(path.glob("*.jsonl")) for row in read_rows(file)]
    return read_json_lines(path, Row.from_json)


def append_row(path: pathlib.Path, row: Row) -> None:
    """Adds a row to a file and makes the file if there is none; a row is written whole or not."""
    append_json_lines(path, [row.to_json()])


def current_rows(rows: Iterable[Row]) -> list[Row]:
    """The rows of each codec, preset and effort that its newest code measured, each file once.

    Files of results keep their history; tables and curves must not mix two states of a codec.
    """
    rows = list(rows)
    newest: dict[tuple[object, ...], str] = {}
    for row in sorted(rows, key=lambda row: row.date):
        newest[row.codec, row.preset, row.effort] = _state(row)
    kept = {
        (row.codec, row.preset, row.effort, row.image, row.quality, row.target_bpp, row.seed): row
        for row in rows
        if newest[row.codec, row.preset, row.effort] == _state(row)
    }
    return list(kept.values())


def _state(row: Row) -> str:
    """What identifies the code that wrote a file: a foreign library does not change with ours."""
    return row.version if row.version.startswith("Pillow") else f"{row.version} {row.commit}"


def image_hash(image: UInt8[np.ndarray, "h w c"]) -> str:
    """Twelve hexadecimal digits of the SHA-256 of shape and pixels."""
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image).tobytes())
    return digest.hexdigest()[:12]


def is_native(codec_name: str) -> bool:
    """Whether this package itself writes the codec's files."""
    return codec_name in CODEC_IDS.values()


def codec_version(codec_name: str) -> str:
    """What writes a codec's files: this package, another, or Pillow and the library it brings."""
    if is_native(codec_name):
        return f"overtone {overtone.__version__}"
    if codec_name not in CODECS:
        return plugins.version_of(plugins.CODECS, codec_name)
    import PIL
    from PIL import features

    feature = {"jpeg": "libjpeg_turbo", "webp": "webp", "avif": "avif", "jpeg2000": "jpg_2000"}
    library = features.version(feature[codec_name])
    return f"Pillow {PIL.__version__}, {feature[codec_name]} {library}"
