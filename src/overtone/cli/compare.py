"""`overtone compare`: measured rows, curves and a page of pictures for several codecs."""

import pathlib
from typing import TYPE_CHECKING, Literal

from overtone.cli.arguments import OptionalInputs, Output, Recursive, RowFolders, Seed, Threads
from overtone.cli.cluster import ClusterAddress, OnCluster, Request, Workers
from overtone.cli.exits import note
from overtone.cli.outcome import Outcome
from overtone.errors import ConfigError
from overtone.files import write_atomically
from overtone.imaging.formats import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from overtone.evaluate.rate_distortion.rows import Row
    from overtone.evaluate.rate_distortion.run import Measured, Sample, Setting
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
    cluster: ClusterAddress = None,
    workers: Workers = None,
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
        threads: Worker threads; all processors by default, on a cluster 1 a row.
        cluster: Measure by Ray: `local` on this machine, `ray` or an address for a running cluster;
            pictures may be lists (@FILE), tar files and s3://, gs://, hf://.
        workers: On a cluster: most rows at a time; one a processor by default.
        convert: Read CMYK, 16 bits a sample and the first of several frames too, as 8 bits.
        recursive: Search the folders in a folder too.
        force: Measure again what is known.
    """
    folder = _checked_folder(output)
    if rows or not images:
        _refuse_measuring(locals())
        return _put_together(rows, output, rates)
    from overtone.batch.comparing import Measuring
    from overtone.cli.compare_pictures import found_samples, measured_rows
    from overtone.codecs.registry import resolve_num_threads
    from overtone.evaluate.rate_distortion.plot import check_matplotlib, curves_svg
    from overtone.evaluate.rate_distortion.rows import current_rows, read_rows
    from overtone.evaluate.rate_distortion.run import plan
    from overtone.evaluate.rate_distortion.table import RATES_BPP, markdown_table, summaries

    check_matplotlib()
    on_cluster = OnCluster(cluster, workers, threads)
    num_threads = resolve_num_threads(threads) if cluster is None else on_cluster.num_threads
    names = [name.strip() for name in codecs.split(",")]
    goals = _goals(rates, qualities)
    rates_bpp = RATES_BPP if rates is None else [goal["target_bpp"] for goal in goals]
    settings = _settings(names, goals, effort, preset, seed, num_threads)
    outcome = Outcome()
    request = Request(images, output, recursive, False, force)
    samples, where = found_samples(request, names, outcome, on_cluster, convert=convert)
    planned = plan(samples, settings, folder, force=force)
    total = len(settings) * len(samples)
    note(f"{len(planned)} of {total} rows to measure, into folder {folder}")
    measuring = Measuring(suite, convert)
    measured = measured_rows(planned, where, measuring, outcome, on_cluster, names[0])
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


def _settings(
    codecs: "Sequence[str]",
    goals: "Sequence[Mapping[str, float]]",
    effort: Literal["fast", "default", "best"],
    preset: str | None,
    seed: int,
    num_threads: int,
) -> "list[Setting]":
    """Every codec with every goal; effort and preset are those of the first codec."""
    from overtone.evaluate.rate_distortion.run import Setting

    return [
        Setting(
            codec=codec,
            effort=effort if codec == codecs[0] else "default",
            preset=preset if codec == codecs[0] else None,
            seed=seed,
            num_threads=num_threads,
            **goal,
        )
        for codec in codecs
        for goal in goals
    ]


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
