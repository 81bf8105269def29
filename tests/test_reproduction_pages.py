"""Every page of reproductions is what its command makes of the rows, and nothing else."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import shutil

import pytest
from experiments.harness.claims import Claim, claims, figure
from experiments.harness.rebuild import page_texts, rebuild
from experiments.harness.rows import read_distances
from experiments.registry import ITEMS, get_item, names_of

from overtone.errors import ConfigError
from overtone.evaluate.distribution.rows import append_distribution_rows
from overtone.evaluate.rate_distortion.rows import read_rows

ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A folder with nothing but rows and pictures, and the pages rebuilt there."""
    root = tmp_path_factory.mktemp("fresh")
    for rows in ROOT.glob("experiments/*/rows"):
        shutil.copytree(rows, root / rows.relative_to(ROOT))
    shutil.copytree(ROOT / "docs" / "images", root / "docs" / "images")
    rebuild(["all"], root)
    return root


@pytest.mark.parametrize(
    "page", sorted(path.name for path in (ROOT / "docs" / "reproduction").glob("*"))
)
def test_every_page_is_what_its_rows_say(fresh, page):
    path = pathlib.Path("docs", "reproduction", page)
    assert (fresh / path).exists(), f"no command writes {path}"
    stored, made = ((root / path).read_text("utf-8") for root in (ROOT, fresh))
    assert stored == made, "run: python -m experiments all"


def test_every_item_has_its_page_and_its_scripts():
    for name in ITEMS:
        item = get_item(name)
        assert (ROOT / item.page).exists()
        for step in item.steps:
            assert path_of(f"experiments.{step.script}").exists()
            assert step.minutes > 0


def path_of(module):
    return ROOT / (module.replace(".", "/") + ".py")


def source_of(module):
    """Its text and that of the modules of experiments which it imports."""
    text = path_of(module).read_text("utf-8")
    for other in re.findall(r"^from (experiments\.[\w.]+) import", text, re.MULTILINE):
        if path_of(other).exists():  # not a package
            text += source_of(other)
    return text


def test_options_of_steps_are_those_of_their_scripts():
    for name in ITEMS:
        for step in get_item(name).steps:
            source = source_of(f"experiments.{step.script}")
            for word in step.arguments:
                if word.startswith("--"):
                    assert f'"{word}"' in source, f"{step.script} has no option {word}"


def test_a_page_that_is_as_it_should_be_is_not_written_again(fresh):
    page = fresh / get_item("balance").page
    before = page.stat().st_mtime_ns
    assert not any(rebuild(["all"], fresh).values())
    assert page.stat().st_mtime_ns == before
    page.write_text("typed by hand")
    assert rebuild(["balance"], fresh)["docs/reproduction/balance.md"]


def test_without_rows_every_page_says_so(tmp_path):
    (tmp_path / "experiments").mkdir()
    (tmp_path / "docs").mkdir()
    for page, text in page_texts(["all"], tmp_path).items():
        assert re.search("not measured yet", text, re.IGNORECASE), page


def test_rows_that_appear_change_page_and_verdict(fresh, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(fresh, root)
    path = root / "experiments/thesis_generation/rows/mnist.jsonl"
    rows = [row for row in read_distances(path) if row.source.model != "fourier-generator"]
    path.write_text("".join(row.to_json() + "\n" for row in rows))
    before = page_texts(["dfm-generation"], root)
    row = next(each for each in rows if each.source.model == "vae")
    for prior, temperature in (("isotropic", 0.85), ("mixture", None)):
        source = dataclasses.replace(
            row.source,
            name="mnist-fourier-generator-0",
            model="fourier-generator",
            prior=prior,
            temperature=temperature,
        )
        values = row.values | {"frechet": 12345.67}
        append_distribution_rows(path, [dataclasses.replace(row, source=source, values=values)])
    after = page_texts(["dfm-generation"], root)
    for page in after:
        assert "12345.67" not in before[page]
        assert "12345.67" in after[page]
    assert "isotropic, temperature 0.85" in after["docs/reproduction/dfm-generation.md"]


def test_an_item_brings_the_verdicts_up_to_date(tmp_path):
    (tmp_path / "experiments").mkdir()
    (tmp_path / "docs").mkdir()
    assert set(rebuild(["speed"], tmp_path)) == {
        "docs/reproduction/speed.md",
        "docs/reproduction/index.md",
    }


def damaged(fresh, tmp_path, name, line):
    shutil.copytree(fresh, tmp_path / "root")
    path = tmp_path / "root" / "experiments" / name
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines[:2], "", line, *lines[2:]]), "utf-8")
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("thesis_compression/rows/grid.jsonl", "{", "not a JSON object"),
        ("thesis_compression/rows/grid.jsonl", "[1, 2]", "must be a JSON object"),
        ("thesis_compression/rows/jpeg.jsonl", "{}", "the row has no image"),
        (
            "balance/rows/fashion-mnist.jsonl",
            '{"seed": true}',
            "seed must be of type int, got True",
        ),
        ("thesis_generation/rows/mnist.jsonl", "{}", "not a row of distances"),
        ("kodak/rows/jpeg.jsonl", '{"suite": "x"}', "not a row of results"),
    ],
)
def test_a_malformed_row_is_named_with_file_and_line_and_nothing_is_written(
    fresh, tmp_path, name, line, message
):
    root = damaged(fresh, tmp_path, name, line)
    page = root / "docs/reproduction/speed.md"
    page.write_text("before")
    with pytest.raises(ConfigError, match=rf"{re.escape(name)}, line 4: .*{re.escape(message)}"):
        rebuild(["all"], root)
    assert page.read_text() == "before"


def test_nested_fields_are_checked(fresh, tmp_path):
    first = json.loads(
        (ROOT / "experiments/thesis_compression/rows/jpeg.jsonl").read_text().splitlines()[0]
    )
    first["jpeg_equal_psnr"] = {"size_bytes": "many", "psnr_db": 30}
    root = damaged(fresh, tmp_path, "thesis_compression/rows/jpeg.jsonl", json.dumps(first))
    with pytest.raises(ConfigError, match="size_bytes must be of type int, got 'many'"):
        rebuild(["dfm-compression"], root)


def test_distances_without_a_metric_are_refused(fresh, tmp_path):
    first = json.loads(
        (ROOT / "experiments/thesis_generation/rows/mnist.jsonl").read_text().splitlines()[0]
    )
    del first["values"]["recall"]
    root = damaged(fresh, tmp_path, "thesis_generation/rows/mnist.jsonl", json.dumps(first))
    with pytest.raises(ConfigError, match=r"mnist\.jsonl, line 4: values has no recall"):
        rebuild(["dfm-generation"], root)


def test_a_root_without_the_folders_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="has no experiments/ and no docs/; give the folder"):
        rebuild(["all"], tmp_path)
    (tmp_path / "docs").mkdir()
    with pytest.raises(ConfigError, match="has no experiments/; give"):
        rebuild(["all"], tmp_path)


def test_names():
    assert names_of(["all", "speed"]) == list(ITEMS)
    assert names_of(["speed", "balance", "speed"]) == ["balance", "speed"]
    with pytest.raises(ConfigError, match="unknown reproduction balanse; did you mean balance"):
        names_of(["balanse"])


def test_figures_stand_in_the_texts_of_claims():
    for key, claim in claims().items():
        assert isinstance(claim, Claim)
        assert "{" not in claim.text + claim.setting + claim.note, key
        assert claim.source
    assert figure("dfm-fid", "fid") == 80.5
    assert "80.5" in claims()["dfm-fid"].text
    with pytest.raises(ConfigError, match="unknown figure of dfm-fid fids; did you mean fid"):
        figure("dfm-fid", "fids")
    with pytest.raises(ConfigError, match="unknown claim"):
        figure("tiled-dct", "fid")


def test_published_figures_stand_in_one_place():
    sources = [path for path in (ROOT / "src/overtone/reproduction").glob("*.py")]
    for path in sources:
        text = path.read_text("utf-8")
        for claim in claims().values():
            for number in claim.figures.values():
                if number != int(number):
                    assert not re.search(rf"\b{number}\b", text), (
                        f"{number} is in {path.name} again"
                    )


def test_rows_of_codecs_name_their_line_too(tmp_path):
    (tmp_path / "a.jsonl").write_text('\n{"suite": 1}\n')
    with pytest.raises(ConfigError, match=r"a\.jsonl, line 2: not a row of results"):
        read_rows(tmp_path)


def test_tables_in_other_documents_are_current():
    for name, text in get_item("tables").build(ROOT).items():
        assert (ROOT / name).read_text("utf-8") == text, "run: python -m experiments tables"


def test_markers_of_tables(tmp_path):
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "page.md"
    page.write_text("a\n<!-- table: tiled-dct-ablation -->\nold\n<!-- /table -->\nb\n")
    build = get_item("tables").build
    assert build(tmp_path) == {
        "docs/page.md": "a\n<!-- table: tiled-dct-ablation -->\n"
        "Not measured yet.\n<!-- /table -->\nb\n"
    }
    page.write_text("<!-- table: tiled-dct-ablation -->\nold\n")
    with pytest.raises(ConfigError, match=r"a table marker in docs/page\.md is not closed"):
        build(tmp_path)
    page.write_text("<!-- table: tiled-dct-abaltion -->\nold\n<!-- /table -->\n")
    with pytest.raises(
        ConfigError, match=r"page\.md tiled-dct-abaltion; did you mean tiled-dct-ablation"
    ):
        build(tmp_path)
