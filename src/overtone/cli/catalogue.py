"""What `overtone list` shows: the tables of the package, each name with a line about it."""

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

from overtone import plugins
from overtone.errors import ConfigError

if TYPE_CHECKING:
    from overtone.metrics import Metric

Row = dict[str, str]

_MAX_ABOUT = 100  # characters


def _codecs() -> list[Row]:
    from overtone.codecs.registry import CODECS, MODEL_CODECS, get_codec

    rows = [{"name": name, "about": _about(target)} for name, target in CODECS.items()]
    needs_model = "; needs --model"
    rows += [
        {"name": name, "about": _about(target) + needs_model}
        for name, target in MODEL_CODECS.items()
    ]
    return rows + _from_packages(plugins.CODECS, get_codec)


def _models() -> list[Row]:
    from overtone.models.registry import MODELS, get_model_class
    from overtone.models.store import class_titles, read_summary, shipped_models

    rows = [{"name": name, "kind": "to train", "about": _about(at)} for name, at in MODELS.items()]
    others = _from_packages(plugins.MODELS, get_model_class)
    rows += [row | {"kind": "to train"} for row in others]
    for name in shipped_models():
        record = read_summary(name)
        spec = record["spec"]
        classes = ", ".join(class_titles(name) or spec["class_names"])
        about = f"{record['model']}, {spec['width']}x{spec['height']} pixels; classes {classes}"
        rows.append({"name": name, "kind": "trained", "about": about})
    return rows


def _presets() -> list[Row]:
    from overtone.config import preset_names, read_preset

    folders = resources.files("overtone").joinpath("presets")
    rows: list[Row] = []
    for folder in sorted(entry.name for entry in folders.iterdir() if entry.is_dir()):
        for name in preset_names(folder):
            text = folders.joinpath(folder, f"{name}.toml").read_text("utf-8")
            time = _time_of(text, read_preset(folder, name))
            about = _first_sentence(text)
            rows.append({"name": name, "model": folder, "time": time, "about": about})
    return rows


def _metrics() -> list[Row]:
    from overtone.metrics import METRICS
    from overtone.metrics.distribution.registry import DISTRIBUTION_METRICS
    from overtone.metrics.registry import metric_of_package

    def about_metric(metric: "Metric") -> str:
        unit = f", {metric.unit}" if metric.unit else ""
        return f"{metric.label}{unit}; {_direction(metric.higher_is_better)}"

    pictures = {"of": "two pictures"}
    rows = [
        {"name": each.name, **pictures, "about": about_metric(each)} for each in METRICS.values()
    ]
    others = _from_packages(plugins.METRICS, metric_of_package, about_metric)
    rows += [row | pictures for row in others]
    for metric in DISTRIBUTION_METRICS:
        for name, title in zip(metric.names, metric.titles, strict=True):
            about = f"{title}; {_direction(metric.higher_is_better)}"
            rows.append({"name": name, "of": "two sets", "about": about})
    return rows


def _data() -> list[Row]:
    from overtone.data.registry import LOADERS, get_loader

    rows = [{"name": kind, "about": get_loader(kind).expected} for kind in LOADERS]
    return rows + _from_packages(plugins.DATA, get_loader, lambda loader: loader.expected)


CATALOGUES: Mapping[str, Callable[[], list[Row]]] = {
    "codecs": _codecs,
    "models": _models,
    "presets": _presets,
    "metrics": _metrics,
    "data": _data,
}


def _from_packages(
    group: str, load: Callable[[str], Any], about: Callable[[Any], str] | None = None
) -> list[Row]:
    """What other packages bring; one that cannot be used says why, also under "broken".

    Args:
        group: Kind of entry points.
        load: Gives what a name stands for, or raises `ConfigError`.
        about: What to say of it beside where it is from.
    """
    rows = []
    for name, target in plugins.names_in(group).items():
        origin = f"from another package: {target}"
        try:
            found = load(name)
        except ConfigError as error:
            rows.append({"name": name, "about": f"BROKEN, {origin}; {error}", "broken": str(error)})
            continue
        text = origin if about is None else f"{about(found)}; {origin}"
        rows.append({"name": name, "about": text})
    return rows


def _about(target: str) -> str:
    """The first line of the docstring of a class "module:Class"."""
    module, _, attribute = target.partition(":")
    text = inspect.getdoc(getattr(importlib.import_module(module), attribute)) or ""
    return text.partition("\n")[0].rstrip(".")


def _direction(higher_is_better: bool) -> str:
    return "higher is better" if higher_is_better else "lower is better"


def _comment(text: str) -> list[str]:
    """The lines of the comment that a preset begins with."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return lines


def _first_sentence(text: str) -> str:
    lines = _comment(text)
    paragraph = " ".join(lines[: lines.index("")] if "" in lines else lines)
    sentence = re.split(r"[.;](?:\s|$)", paragraph, maxsplit=1)[0]
    return sentence if len(sentence) <= _MAX_ABOUT else sentence.partition(":")[0]


def _time_of(text: str, settings: Mapping[str, Any]) -> str:
    """How long a preset takes: what its comment says after "Time:", or its core-minutes."""
    said = [
        line.removeprefix("Time:").strip(" .") for line in _comment(text) if line[:5] == "Time:"
    ]
    minutes = settings.get("train", {}).get("core_minutes")
    return said[0] if said else f"{minutes:g} core-minutes"
