"""Every command, option, codec, metric and public name is documented, and links lead somewhere."""

import dataclasses
import inspect
import pathlib
import re

import pytest

import overtone
from overtone.cli.main import COMMANDS
from overtone.cli.usage import option_names, verb_of
from overtone.codecs.registry import CODEC_IDS, CODECS
from overtone.evaluate.distribution.rows import DistributionRow, SampleSource
from overtone.evaluate.distribution.table import TITLES
from overtone.evaluate.rate_distortion.rows import Row
from overtone.metrics import METRICS
from overtone.metrics.distribution.features.registry import FEATURE_NETWORKS
from overtone.metrics.distribution.registry import DISTRIBUTION_METRICS
from overtone.models.registry import MODELS, get_model_class

ROOT = pathlib.Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TOP = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "examples/README.md")]


def read(name):
    return (DOCS / name).read_text("utf-8")


def section(page, title):
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    assert found, f"docs/cli.md has no section {title}"
    return found[1]


@pytest.mark.parametrize("command", COMMANDS, ids=verb_of)
def test_every_command_and_option_has_its_place(command):
    words = section(read("cli.md"), verb_of(command))
    for parameter in inspect.signature(command).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            for name in option_names(parameter):
                assert re.search(rf"{name}\b", words), f"{name} is not in docs/cli.md"


def test_public_names_are_in_the_reference():
    page = read("api.md")
    missing = [name for name in overtone.__all__ if not re.search(rf"\b{name}\b", page)]
    assert set(missing) <= {"__version__"}


def test_codecs_are_named():
    page = read("cli.md")
    for name in CODECS:
        assert f"`{name}`" in page or name in section(page, "compare")
    format_page = read("format.md")
    for name in CODEC_IDS.values():
        assert re.search(rf"`{name}`", format_page), f"docs/format.md does not specify {name}"


def test_models_are_named():
    words = section(read("cli.md"), "train")
    assert not [name for name in MODELS if f"`{name}`" not in words]


def test_models_whose_networks_are_compiled_are_named():
    line = re.search(r"^- `train\.compile=true`.*?(?=^- )", read("guide/train.md"), re.M | re.S)
    assert line
    compiled = {name for name in MODELS if get_model_class(name).networks}
    assert set(re.findall(r"`([a-z-]+)`", line[0])) == compiled


def test_metrics_and_columns_are_named():
    page = read("guide/measure.md")
    for name in [*METRICS, *(field.name for field in dataclasses.fields(Row))]:
        assert f"`{name}`" in page, f"docs/guide/measure.md does not name {name}"


def test_distribution_metrics_networks_and_columns_are_named():
    page = read("guide/distribution-metrics.md") + read("design/features.md")
    names = [name for metric in DISTRIBUTION_METRICS for name in metric.names]
    for kind in (DistributionRow, SampleSource):
        names += [field.name for field in dataclasses.fields(kind)]
    names += [*FEATURE_NETWORKS, *TITLES]
    assert not [name for name in names if f"`{name}`" not in page and f"## {name}" not in page]


@pytest.mark.parametrize("path", [*PAGES, *TOP], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text("utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (path.parent / target).exists(), target


def test_every_page_is_in_the_menu():
    menu = (ROOT / "mkdocs.yml").read_text("utf-8")
    missing = [str(p.relative_to(DOCS)) for p in PAGES if str(p.relative_to(DOCS)) not in menu]
    assert not missing


def test_the_changelog_names_this_version():
    assert f"## {overtone.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_citation_names_this_version_and_the_papers():
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {overtone.__version__}\n" in text
    front = (ROOT / "README.md").read_text("utf-8") + read("index.md")
    for name in re.findall(r"family-names: (.+)", text):
        assert name in front, f"README.md does not name {name}"
    for number in re.findall(r"arxiv.org/abs/([\d.]+)", text):
        assert f"arXiv:{number}" in front


def test_modules_in_the_reference_have_titles():
    """A dotted name says where something is, not what it is."""
    page = read("api.md")
    for name, options in re.findall(r"^::: (\S+)\n((?: +.*\n)*)", page, re.MULTILINE):
        is_module = (ROOT / "src" / name.replace(".", "/")).with_suffix(".py").exists()
        assert ("heading: " in options) == is_module, name


def test_descriptions_of_arguments_name_what_they_describe():
    """They say "Width of the result", not "Of the result"."""
    fragments = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.match(r"\s+\w+: Of ", line):
                fragments.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not fragments
