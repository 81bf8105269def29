"""`overtone compare`: measured rows, curves and a page of pictures for several codecs."""

import pathlib
from typing import TYPE_CHECKING, Literal

from overtone.cli.arguments import OptionalInputs, Output, Recursive, RowFolders, Seed, Threads
from overtone.cli.exits import describe, note
from overtone.cli.outcome import Job, Outcome
from overtone.cli.sources import find_inputs, read_8_bits
from overtone.errors import ConfigError
from overtone.files import write_atomically
from overtone.imaging.formats import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from overtone.cli.files import Source
    from overtone.evaluate.rate_distortion.rows import Row
    from overtone.evaluate.rate_distortion.run import Measured, PlannedRow, Sample, Setting
    from overtone.evaluate.rate_distortion.side_by_side import SideBySide

DEFAULT_CODECS = "tiled-dct,jpeg,webp,avif,jpeg2000"
DEFAULT_RATES = "0.1,0.2,0.4,0.8"
DEFAULT_FOLDER = "comparison"


def compare(
    images: OptionalInputs = None,
    /,
    *,
    rows: RowFolders = (),
    codecs: str = DEFAULT_CODECS,
    rates: str | None = None,
    qualities: str | None = None,
    suite: str = "compare",
    output: Output = None,
    effort: Literal["fast", "default", "best"] = "default",
    preset: str | None = None,
    pictures: int = 4,
    pictures_bpp: float = 0.3,
    convert: bool = False,
    recursive: Recursive = False,
    seed: Seed = 0,
    threads: Threads = None,
    force: bool = False,
) -> int:
    """Measure codecs against each other: rows of results, curves and a page of pictures.

    Every picture is encoded at every rate or quality with every codec, decoded, and scored; the
    rows are appended to one file a codec. What is measured already is skipped, so an interrupted
    run goes on where it stopped. Prints the table.

    Example: overtone compare photo.png --codecs jpeg,webp --rates 0.2,0.4 -o comparison

    Args:
        images: Pictures, folders of pictures, or globs.
        rows: Folder of rows, of an earlier comparison, instead of pictures; may be given often.
        codecs: Comma-separated; pictures are shown at the bytes of the first.
        rates: Comma-separated, bits per pixel, which the quality is searched for; 0.1,0.2,0.4,0.8
            if no qualities are given. With --rows the columns of the table; those measured if not
            given.
        qualities: Comma-separated, 1..100, instead of rates.
        suite: Name of the set of pictures, in the rows.
        output: Folder for rows, curves.svg and report.html; `comparison` by default.
        effort: Effort of the first codec.
        preset: Preset of the first codec.
        pictures: How many pictures the page shows; 0 writes no page.
        pictures_bpp: About which rate the page shows them.
        seed: Seed for all randomness.
        threads: Worker threads; all processors by default.
        convert: Read CMYK, 16 bits a sample and the first of several frames too, as 8 bits.
        recursive: Search the folders in a folder too.
        force: Measure again what is known.
    """
    folder = _checked_folder(output)
    if rows or not images:
        _refuse_measuring(locals())
        return _put_together(rows, output, rates)
    from overtone.cli.progress import run_with_bar
    from overtone.codecs.registry import resolve_num_threads
    from overtone.evaluate.rate_distortion.plot import check_matplotlib, curves_svg
    from overtone.evaluate.rate_distortion.rows import current_rows, read_rows
    from overtone.evaluate.rate_distortion.run import Setting, plan
    from overtone.evaluate.rate_distortion.table import RATES_BPP, markdown_table, summaries

    check_matplotlib()
    names = [name.strip() for name in codecs.split(",")]
    goals = _goals(rates, qualities)
    rates_bpp = RATES_BPP if rates is None else [goal["target_bpp"] for goal in goals]
    settings = [
        Setting(
            codec=name,
            effort=effort if name == names[0] else "default",
            preset=preset if name == names[0] else None,
            seed=seed,
            num_threads=resolve_num_threads(threads),
            **goal,
        )
        for name in names
        for goal in goals
    ]
    outcome = Outcome()
    sources = find_inputs(images, PICTURE_SUFFIXES, outcome, recursive=recursive, output=output)
    samples = _read_samples(sources, names, outcome, convert=convert)
    planned = plan(samples, settings, folder, force=force)
    total = len(settings) * len(samples)
    note(f"{len(planned)} of {total} rows to measure, into folder {folder}")
    measured = list(run_with_bar(planned, suite=suite, on_error=_notes_in(outcome)))
    hashes = {sample_hash(sample) for sample in samples}
    known = [
        row
        for row in current_rows(read_rows(folder))
        if row.codec in names and row.image_hash in hashes
    ]
    if not known:
        raise outcome.nothing_left()
    write_atomically(folder / "curves.svg", curves_svg(known).encode())
    if pictures:
        shown = {row.image_hash for row in known if row.codec == names[0]}
        seen = [sample for sample in samples if sample_hash(sample) in shown][:pictures]
        side_by_sides = _side_by_sides(seen, measured, settings, names, pictures_bpp, suite)
        _write_page(folder, suite, known, side_by_sides, names[0], rates_bpp)
    print(markdown_table(summaries(known, rates_bpp=rates_bpp), rates_bpp))
    return outcome.exit_code()


def _checked_folder(output: str | None) -> pathlib.Path:
    """The folder of the results; refused, before any work, if there can be none at that place."""
    folder = pathlib.Path(output or DEFAULT_FOLDER)
    found = next(place for place in (folder, *folder.parents) if place.exists())
    if not found.is_dir():
        raise ConfigError(f"{found} is a file; give a folder")
    if found != folder and folder.suffix.lower() in {".ovt", *PICTURE_SUFFIXES}:
        raise ConfigError(
            f"{folder} is the name of a file; give a folder, such as {folder.with_suffix('')}"
        )
    return folder


def _notes_in(outcome: Outcome) -> "Callable[[PlannedRow, Exception], None]":
    def fail(row: "PlannedRow", error: Exception) -> None:
        outcome.fail(f"{row.sample.name} with {row.setting.codec}", describe(error))

    return fail


def _write_page(
    folder: pathlib.Path,
    suite: str,
    rows: "Sequence[Row]",
    side_by_sides: "Sequence[SideBySide]",
    codec: str,
    rates_bpp: "Sequence[float]",
) -> None:
    from overtone.evaluate.rate_distortion.own_sections import own_sections
    from overtone.evaluate.rate_distortion.report import report_html
    from overtone.evaluate.rate_distortion.rows import is_native

    page = report_html(
        title=f"Codecs on {suite}",
        rows=rows,
        rates_bpp=rates_bpp,
        side_by_sides=side_by_sides,
        sections=own_sections(side_by_sides[0]) if side_by_sides and is_native(codec) else (),
    )
    write_atomically(folder / "report.html", page.encode())
    note(f"{folder / 'report.html'}")


def _read_samples(
    sources: "Sequence[Source]", codecs: "Sequence[str]", outcome: Outcome, *, convert: bool
) -> "list[Sample]":
    """The pictures that can be read and that every codec can hold; names that tell them apart.

    Raises:
        DataError: None of them can.
    """
    from overtone.codecs.registry import get_codec
    from overtone.evaluate.rate_distortion.run import Sample, as_held_by

    chosen = [get_codec(name) for name in codecs]
    names = [
        str(pathlib.PurePath(each.below or "", pathlib.Path(each.path).stem)) for each in sources
    ]
    samples: list[Sample] = []
    for source, name in zip(sources, names, strict=True):
        with outcome.of(Job(source.path, source.path)):
            pixels = read_8_bits(source.path, convert=convert).pixels
            for codec in chosen:
                as_held_by(codec, pixels)
            samples.append(Sample(name if names.count(name) == 1 else source.path, pixels))
    if not samples:
        raise outcome.nothing_left()
    return samples


def _refuse_measuring(arguments: "Mapping[str, object]") -> None:
    """Refuses, beside rows that were measured before, all that says what to measure and how.

    Args:
        arguments: Those of `compare`.
    """
    import inspect

    if not arguments["rows"]:
        raise ConfigError("give pictures to measure, or --rows with folders of results")
    if arguments["images"]:
        raise ConfigError("give pictures or --rows, not both")
    for name, parameter in inspect.signature(compare).parameters.items():
        if name in {"images", "rows", "output", "rates"} or arguments[name] == parameter.default:
            continue
        option = f"--{name.replace('_', '-')}"
        raise ConfigError(f"--rows shows what was measured before; leave out {option}")


def _put_together(rows: "Sequence[str]", output: str | None, rates: str | None) -> int:
    """Table, curves and page of what was measured before."""
    from overtone.evaluate.rate_distortion.several import rates_of, rows_of, write_report
    from overtone.evaluate.rate_distortion.table import markdown_table, summaries

    goals = () if rates is None else _goals(rates, None)
    folders = [pathlib.Path(each) for each in rows]
    found = rows_of(folders)
    rates_bpp = [goal["target_bpp"] for goal in goals] or rates_of(found)
    if output:
        title = f"Codecs in {', '.join(folder.name for folder in folders)}"
        written = write_report(found, pathlib.Path(output), title=title, rates_bpp=rates_bpp)
        for path in written:
            note(str(path))
    print(markdown_table(summaries(found, rates_bpp=rates_bpp), rates_bpp))
    return 0


def sample_hash(sample: "Sample") -> str:
    """What the rows of a picture are found by."""
    from overtone.evaluate.rate_distortion.rows import image_hash

    return image_hash(sample.image)


def _goals(rates: str | None, qualities: str | None) -> list[dict[str, float]]:
    if rates is not None and qualities is not None:
        raise ConfigError("give --rates or --qualities, not both")
    name, text = (
        ("target_bpp", rates or DEFAULT_RATES) if qualities is None else ("quality", qualities)
    )
    option = "--rates" if qualities is None else "--qualities"
    goals = []
    for item in text.split(","):
        try:
            value = float(item)
        except ValueError:
            raise ConfigError(f"{option} must be numbers like 0.1,0.2, got {item!r}") from None
        if not 0 < value <= 100:
            raise ConfigError(f"{option} must be over 0 and at most 100, got {item}")
        goals.append({name: value})
    return goals


def _side_by_sides(
    samples: "Sequence[Sample]",
    measured: "Sequence[Measured]",
    settings: "Sequence[Setting]",
    names: "Sequence[str]",
    shown_bpp: float,
    suite: str,
) -> "list[SideBySide]":
    """For each picture the first codec's file nearest to a rate, and the others at its bytes."""
    import math

    from overtone.evaluate.rate_distortion.run import measure_picture
    from overtone.evaluate.rate_distortion.side_by_side import SideBySide, equal_bytes

    side_by_sides = []
    for sample in samples:
        digest = sample_hash(sample)
        own = [
            each
            for each in measured
            if each.row.codec == names[0] and each.row.image_hash == digest
        ]
        # A resumed run has rows without files: those of this picture are written once more.
        own = own or [
            measure_picture(sample, setting, suite=suite)
            for setting in settings
            if setting.codec == names[0]
        ]
        first = min(own, key=lambda each: abs(math.log(each.row.rate_bpp / shown_bpp)))
        others = [
            next(setting for setting in settings if setting.codec == name) for name in names[1:]
        ]
        files = (first, *equal_bytes(sample, first, others, suite=suite))
        side_by_sides.append(SideBySide(sample, files))
    return side_by_sides
