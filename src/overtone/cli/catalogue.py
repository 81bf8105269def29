"""What `overtone list` shows: the tables of the package, each name with a line about it."""

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

from overtone import plugins

Row = dict[str, str]

_MAX_ABOUT = 100  # characters


def _codecs() -> list[Row]:
    from overtone.codecs.registry import CODECS, MODEL_CODECS

    rows = [{"name": name, "about": _about(target)} for name, target in CODECS.items()]
    needs_model = "; needs --model"
    rows += [
        {"name": name, "about": _about(target) + needs_model}
        for name, target in MODEL_CODECS.items()
    ]
    return rows + _from_packages(plugins.CODECS)


def _models() -> list[Row]:
    from overtone.models.registry import MODELS
    from overtone.models.store import class_titles, read_summary, shipped_models

    rows = [{"name": name, "kind": "to train", "about": _about(at)} for name, at in MODELS.items()]
    rows += [row | {"kind": "to train"} for row in _from_packages(plugins.MODELS)]
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
    from overtone.metrics import all_metrics
    from overtone.metrics.distribution.registry import DISTRIBUTION_METRICS

    rows = []
    for metric in all_metrics().values():
        unit = f", {metric.unit}" if metric.unit else ""
        about = f"{metric.label}{unit}; {_direction(metric.higher_is_better)}"
        rows.append({"name": metric.name, "of": "two pictures", "about": about})
    for metric in DISTRIBUTION_METRICS:
        for name, title in zip(metric.names, metric.titles, strict=True):
            about = f"{title}; {_direction(metric.higher_is_better)}"
            rows.append({"name": name, "of": "two sets", "about": about})
    return rows


def _data() -> list[Row]:
    from overtone.data.registry import LOADERS, get_loader

    return [{"name": kind, "about": get_loader(kind).expected} for kind in LOADERS]


CATALOGUES: Mapping[str, Callable[[], list[Row]]] = {
    "codecs": _codecs,
    "models": _models,
    "presets": _presets,
    "metrics": _metrics,
    "data": _data,
}


def _from_packages(group: str) -> list[Row]:
    """What other packages bring; nothing of it is imported, so that a broken one shows too."""
    return [
        {"name": name, "about": f"from another package: {target}"}
        for name, target in plugins.names_in(group).items()
    ]


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
