"""What the source documents claim: `claims.toml`, the one place where their figures stand."""

import dataclasses
import functools
import tomllib
from importlib import resources

from overtone.config import from_mapping
from overtone.errors import unknown_name


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim of a source document.

    Attributes:
        system: What it is about.
        text: In our words.
        source: Where it stands.
        figures: The numbers in it, by name.
        setting: What they were measured on, by whom, and how.
        note: What a reader should know beside it.
        is_reference: Quoted for comparison; nothing follows from it.
    """

    system: str
    text: str
    source: str
    figures: dict[str, float] = dataclasses.field(default_factory=dict)
    setting: str = ""
    note: str = ""
    is_reference: bool = False


@functools.cache
def claims() -> dict[str, Claim]:
    """All claims by their keys, in the order of the file."""
    path = resources.files("experiments.harness").joinpath("claims.toml")
    found = {}
    for key, values in tomllib.loads(path.read_text("utf-8")).items():
        figures = {name: float(number) for name, number in values.pop("figures", {}).items()}
        told = {
            name: value.format(**figures) if isinstance(value, str) else value
            for name, value in values.items()
        }
        found[key] = dataclasses.replace(from_mapping(Claim, told, f"{key}."), figures=figures)
    return found


def figure(claim: str, name: str) -> float:
    """A published number.

    Raises:
        ConfigError: There is no such claim, or no such figure in it.
    """
    if claim not in claims():
        raise unknown_name("claim", claim, claims())
    known = claims()[claim].figures
    if name not in known:
        raise unknown_name(f"figure of {claim}", name, known)
    return known[name]
