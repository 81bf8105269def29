"""Speed: the kernels, the generator, lists and the DCTransformer, each against what others do."""

import pathlib
import statistics
import types
from collections.abc import Sequence

from experiments.harness.claims import figure
from experiments.harness.item import NOT_MEASURED, Finding, Item, Step, Verdict
from experiments.harness.rows import Record, read_records
from experiments.speed import browser_page, libovt_page, processes_page
from overtone.evaluate.rate_distortion.rows import current_rows, read_rows

PAGE = "docs/reproduction/speed.md"
RESULTS = "experiments/speed/rows"
PROVENANCE = {"commit": str, "machine": str, "date": str}
KERNEL_FIELDS = PROVENANCE | {
    "width": int,
    "depth": int,
    "direction": str,
    "num_pixels": int,
    "num_threads": int,
    "ours_ms": float,
    "torch_ms": float,
    "jax_ms": float,
    "torch_ratio": float,
    "jax_ratio": float,
    "gflops": float,
    "of_peak": float,
}
GENERATOR_FIELDS = PROVENANCE | {
    "preset": str,
    "batch_size": int,
    "implementation": str,
    "step_ms": float,
    "images_per_s": float,
    "ratio": float,
    "keeps_memory": bool,
}
TRANSFORMER_FIELDS = PROVENANCE | {
    "preset": str,
    "num_parameters": int,
    "what": str,
    "triples_per_s": float,
}
LIST_FIELDS = PROVENANCE | {
    "pictures": str,
    "implementation": str,
    "encode": float,
    "decode": float,
    "unit": str,
}
COMMAND_FIELDS = PROVENANCE | {
    "codec": str,
    "effort": str,
    "direction": str,
    "width": int,
    "height": int,
    "wall_s": float,
    "cpu_s": float,
    "peak_mb": float,
    "tiny_mb": float,
}

FAST_RATIO = 10  # times libjpeg's time
FAST_S = 1.0  # a megapixel

INTRODUCTION = """# Speed

This page is written by `python -m experiments speed` from the rows in `experiments/speed/rows/`. In
each table all implementations took turns in one run on one machine; runs that other programs
disturbed were
repeated. Nothing here is compared across tables."""


def build(root: pathlib.Path) -> dict[str, str]:
    """The page; parts without rows say so."""
    parts = [
        INTRODUCTION,
        kernel_part(read(root, "fourier_net", KERNEL_FIELDS)),
        generator_part(read(root, "generator", GENERATOR_FIELDS)),
        transformer_part(read(root, "dct_transformer", TRANSFORMER_FIELDS)),
        lists_part(read(root, "sparse_dct", LIST_FIELDS)),
        part_of(processes_page, read(root, "processes", PROVENANCE | processes_page.FIELDS)),
        commands_part(read(root, "commands", COMMAND_FIELDS)),
        part_of(libovt_page, read(root, "libovt", PROVENANCE | libovt_page.FIELDS)),
        part_of(browser_page, read(root, "browser", PROVENANCE | browser_page.FIELDS)),
    ]
    return {PAGE: "\n\n".join(parts) + "\n"}


def read(root: pathlib.Path, name: str, fields: dict[str, type]) -> list[Record]:
    """Rows of a benchmark."""
    return read_records(root / RESULTS / f"{name}.jsonl", fields)


def table(title: str, text: str, head: str, lines: Sequence[str], rows: Sequence[Record]) -> str:
    """A part of the page, with where its rows come from."""
    if not rows:
        return f"## {title}\n\n{NOT_MEASURED}"
    columns = head.count("|") - 1
    body = "\n".join([head, "|" + "--:|" * columns, *lines])
    newest = max(rows, key=lambda row: row["date"])
    source = f"Measured at commit {newest['commit']} on {newest['machine']}, {newest['date'][:10]}."
    return f"## {title}\n\n{text}\n\n{body}\n\n{source}"


def part_of(page: types.ModuleType, rows: Sequence[Record]) -> str:
    """A part whose words and lines are in a module of its own."""
    return table(page.TITLE, page.TEXT, page.HEAD, page.lines_of(rows), rows)


def kernel_part(rows: Sequence[Record]) -> str:
    """Fourier networks against autodiff of the formula."""
    lines = [
        f"| {row['width']} | {row['depth']} | {row['direction'].replace('_', ' + ')} "
        f"| {row['ours_ms']:.2f} | {row['torch_ms']:.1f} ({row['torch_ratio']:.1f}×) "
        f"| {row['jax_ms']:.1f} ({row['jax_ratio']:.1f}×) | {row['gflops']:.0f} "
        f"| {row['of_peak']:.2f} |"
        for row in rows
    ]
    text = (
        "`experiments/speed/fourier_net.py`: values, and gradients by all weights, of one network "
        "over many pixels; PyTorch differentiates the formula as written, JAX compiles it. The "
        "peak is that of a matrix product in the same run."
    )
    head = (
        "| width | layers | direction | ours, ms | PyTorch, ms | JAX, ms | GFLOP/s | of the peak |"
    )
    return table("The Fourier kernel", text, head, lines, rows)


def generator_part(rows: Sequence[Record]) -> str:
    """A training step of the thesis's generator."""
    lines = [
        f"| {row['batch_size']} | {row['implementation']} "
        f"| {'yes' if row['keeps_memory'] else 'no'} | {row['step_ms']:.0f} "
        f"| {row['images_per_s']:.1f} | {row['ratio']:.2f} |"
        for row in rows
    ]
    text = (
        "`experiments/speed/generator.py`: whole training steps of the thesis's generator for "
        "CIFAR-10; the ratio is to the faster of the two ways to leave the formula to autodiff."
    )
    head = "| batch | implementation | memory kept | ms a step | images/s | ratio |"
    return table("Training the generator", text, head, lines, rows)


def transformer_part(rows: Sequence[Record]) -> str:
    """Triples a second of the DCTransformer."""
    lines = [
        f"| `{row['preset']}` | {row['num_parameters'] / 1e6:.1f} M | {row['what']} "
        f"| {row['triples_per_s']:.1f} |"
        for row in rows
    ]
    train, sample, size = (
        figure("dct-speed", name) for name in ("train", "sample", "parameters_millions")
    )
    text = (
        "`experiments/speed/dct_transformer.py`: training steps, and sampling of 256 triples, as "
        "many "
        "lists at a time as the row says. The one complete public re-implementation, "
        f"{size:g} M parameters, trains at {train:g} triples a second and samples at {sample:g} on "
        "two cores of such a machine; the preset `cifar10` has its layers."
    )
    head = "| preset | parameters | what | triples a second |"
    return table("The DCTransformer", text, head, lines, rows)


def lists_part(rows: Sequence[Record]) -> str:
    """Pictures to lists and back."""
    lines = [
        f"| {row['pictures']} | {row['implementation']} | {row['encode']:.1f} {row['unit']} "
        f"| {row['decode']:.1f} {row['unit']} |"
        for row in rows
    ]
    text = (
        "`experiments/speed/sparse_dct.py`: pictures to lists of DCT triples and back, and to "
        "files "
        "of `sparse-dct`, beside the JPEG of Pillow, on one thread."
    )
    head = "| pictures | implementation | encode | decode |"
    return table("Lists of DCT triples", text, head, lines, rows)


def commands_part(rows: Sequence[Record]) -> str:
    """Seconds and memory of whole commands."""
    lines = []
    for row in rows:
        megapixels = row["width"] * row["height"] / 1e6
        per_pixel = (row["peak_mb"] - row["tiny_mb"]) / megapixels
        lines.append(
            f"| `{row['codec']}` | {row['effort']} | {row['direction']} | {megapixels:.0f} "
            f"| {row['wall_s'] / megapixels:.2f} | {row['cpu_s'] / megapixels:.2f} "
            f"| {row['peak_mb']:.0f} | {per_pixel:.0f} |"
        )
    text = (
        "`experiments/speed/commands.py`: `overtone encode` (which reads a JPEG file and measures "
        "the PSNR of the result) and `overtone decode` (to a PNG file), whole processes, one run "
        "each, on pictures laid out from photographs, quality 40. Memory is the largest resident "
        "set, with the interpreter and its libraries; bytes a pixel are what is above that of "
        "the same command on a picture of 8 x 8 pixels."
    )
    head = (
        "| codec | effort | command | megapixels | s a megapixel | processor s a megapixel "
        "| MB at most | bytes a pixel |"
    )
    return table("Seconds and memory of a command", text, head, lines, rows)


def judge(root: pathlib.Path) -> Sequence[Finding]:
    """Is a picture reconstructed fast? As published, with our kernel, and of our codec."""
    kernel, lists = read(root, "fourier_net", KERNEL_FIELDS), read(root, "sparse_dct", LIST_FIELDS)
    jpeg_s = [
        1 / row["decode"]
        for row in lists
        if row["implementation"] == "Pillow JPEG" and row["unit"] == "MP/s"
    ]
    width = int(figure("dfm-like-jpeg", "width"))
    networks = [r for r in kernel if r["width"] == width and r["direction"] == "forward"]
    layers = int(figure("dfm-like-jpeg", "depth")) + 1
    network = min(networks, key=lambda row: abs(row["depth"] - layers), default=None)
    findings = []
    for key, preset in (("torch_ms", "as published, in PyTorch"), ("ours_ms", "ours (the kernel)")):
        told = ""
        seconds = None
        if network is not None:
            seconds = network[key] / 1e3 / (network["num_pixels"] / 1e6)
            told = f"width {width}, {network['depth']} layers, {network['num_threads']} threads"
        findings.append(fast(preset, seconds, min(jpeg_s, default=None), told))
    rows = {
        name: current_rows(read_rows(root / f"experiments/kodak/rows/{name}.jsonl"))
        for name in ("dfm", "jpeg")
    }
    own, other = (
        statistics.median(row.decode_s / (row.width * row.height / 1e6) for row in found)
        if (found := rows[name])
        else None
        for name in ("dfm", "jpeg")
    )
    findings.append(fast("ours (codec `dfm`)", own, other, "Kodak pictures, two threads"))
    return tuple(findings)


def fast(preset: str, own_s: float | None, jpeg_s: float | None, data: str) -> Finding:
    """Seconds a megapixel against JPEG's."""
    verdict: Verdict = "not measured yet"
    measured = ""
    if own_s is not None and jpeg_s is not None:
        verdict = "holds in part" if own_s <= FAST_S else "does not hold"
        verdict = "holds" if own_s <= FAST_RATIO * jpeg_s else verdict
        measured = (
            f"{own_s:.2f} s a megapixel; JPEG {jpeg_s:.4f} s, {own_s / jpeg_s:.0f} times faster"
        )
    return Finding(
        claim="dfm-fast",
        preset=preset,
        measured=measured,
        data=data,
        verdict=verdict,
        rule=f"At most {FAST_RATIO} times as long as libjpeg needs to decode as many pixels: "
        f"holds; at most {FAST_S:g} s a megapixel: in part; otherwise it does not hold.",
    )


def bench(name: str, minutes: float) -> Step:
    """A benchmark that replaces its rows."""
    return Step(
        script=f"speed.{name}",
        arguments=("--out", f"{RESULTS}/{name}.jsonl"),
        minutes=minutes,
        replaces=True,
    )


ITEM = Item(
    page=PAGE,
    build=build,
    judge=judge,
    steps=(
        bench("fourier_net", 15),
        bench("generator", 10),
        bench("dct_transformer", 20),
        bench("sparse_dct", 3),
        bench("processes", 8),
    ),
)
