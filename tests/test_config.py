"""Mappings become configs strictly."""

import dataclasses
from typing import Literal

import pytest

from overtone.config import (
    from_mapping,
    parse_assignments,
    read_preset,
    setting_names,
    with_assignments,
    with_values,
)
from overtone.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class Inner:
    omega_0: float = 30.0
    mode: Literal["a", "b"] = "a"


@dataclasses.dataclass(frozen=True)
class Outer:
    width: int = 4
    scales: tuple[float, ...] = (1.0,)
    note: str | None = None
    net: Inner = Inner()

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"width must be positive, got {self.width}")


def test_missing_keys_keep_their_defaults_and_tables_nest():
    built = from_mapping(Outer, {"scales": [1, 0.5], "note": "x", "net": {"omega_0": 3}})
    assert built == Outer(scales=(1.0, 0.5), note="x", net=Inner(omega_0=3.0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"net": {"omega0": 1}}, "unknown setting net.omega0; did you mean net.omega_0"),
        ({"width": 1.5}, "width must be of type int"),
        ({"width": True}, "width must be of type int"),
        ({"net": {"mode": "c"}}, "net.mode must be one of"),
        ({"net": 3}, "net must be a table"),
        ({"scales": 1.0}, "scales must be a list"),
        ({"width": 0}, "width must be positive, got 0"),
    ],
)
def test_what_does_not_fit_is_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        from_mapping(Outer, settings)


def test_an_unknown_preset_names_a_near_one():
    with pytest.raises(ConfigError, match="unknown preset theses; did you mean thesis"):
        read_preset("dfm", "theses")


def test_a_folder_without_presets_says_so():
    with pytest.raises(ConfigError, match="unknown preset a; nothing has none"):
        read_preset("nothing", "a")


def test_a_preset_may_be_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text("width = 7\n[net]\nomega_0 = 3.0\n")
    for name in ("mine.toml", "./mine.toml", str(tmp_path / "mine.toml")):
        assert from_mapping(Outer, read_preset("dfm", name)) == Outer(
            width=7, net=Inner(omega_0=3.0)
        )
    (tmp_path / "mine.toml").write_text("width = \n")
    with pytest.raises(ConfigError, match=r"the preset mine\.toml is not TOML: Invalid value"):
        read_preset("dfm", "mine.toml")
    (tmp_path / "mine.toml").write_bytes(b"note = '\xff'")
    with pytest.raises(ConfigError, match=r"the preset mine\.toml is not TOML"):
        read_preset("dfm", "mine.toml")
    for name in ("no.toml", "folder/thesis"):
        with pytest.raises(ConfigError, match=f"cannot read the preset {name}: No such file"):
            read_preset("dfm", name)


def test_all_settings_have_dotted_names():
    names = ["width", "scales", "note", "net.omega_0", "net.mode"]
    assert setting_names(Outer) == names
    values = {"width": 5, "net.omega_0": 2.0}
    assert from_mapping(Outer, with_values({"width": 3}, values)) == Outer(
        width=5, net=Inner(omega_0=2.0)
    )
    assert parse_assignments(["width=5", "net.omega_0 = 2.0", "width=6"]) == values | {"width": 6}


def test_assignments_change_a_copy():
    settings = {"net": {"width": 3, "mode": "a"}, "seed": 1}
    words = ["net.width=48", "net.mode=b", "train.rates = [1, 2.5]", "seed=2", "name=x=y"]
    assert with_assignments(settings, words) == {
        "net": {"width": 48, "mode": "b"},
        "train": {"rates": [1, 2.5]},
        "seed": 2,
        "name": "x=y",
    }
    assert settings == {"net": {"width": 3, "mode": "a"}, "seed": 1}


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("net.width", "a setting is written a.b=value, got net.width"),
        ("net.=3", "a setting is written a.b=value"),
        ("seed.x=3", "seed is a value, not a table"),
    ],
)
def test_a_wrong_assignment_is_explained(word, message):
    with pytest.raises(ConfigError, match=message):
        with_assignments({"seed": 1}, [word])
