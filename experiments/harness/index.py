"""The page of verdicts: each claim of the source documents, what was measured here, the verdict."""

import os
import pathlib
from typing import get_args

from experiments.harness.claims import Claim, claims
from experiments.harness.item import Finding, Item, Verdict
from experiments.registry import ALL, get_item, names_of

INDEX_PAGE = "docs/reproduction/index.md"
AS_PUBLISHED = "as published"

INTRODUCTION = """# Verdicts: what the source documents claim, and what was measured here

This page is written by `python -m experiments`. Each verdict follows from rows of experiments by
the rule that stands [below](#rules); it changes when the rows do. "As published" is a preset that
follows the document to the letter, "ours" one that departs from it; what is compared in a
line was measured on machines of one kind, though not always of one speed. A published figure on
other data or other features is no bar here: then the claim is not testable, and what was measured
instead stands beside it; only for CIFAR-10 is the share of the autoencoder's distance compared."""


def index_page(root: pathlib.Path) -> str:
    """The table, the rules, and the claims with their sources."""
    found = [
        (name, get_item(name), finding)
        for name in names_of([ALL])
        for finding in get_item(name).judge(root)
    ]
    parts = [INTRODUCTION, counts_part(found), table_part(found), rules_part(found)]
    return "\n\n".join([*parts, sources_part()]) + "\n"


def verifiable() -> dict[str, Claim]:
    """The claims that can hold or not."""
    return {key: claim for key, claim in claims().items() if not claim.is_reference}


def counts_part(found: list[tuple[str, Item, Finding]]) -> str:
    """How many lines of the table have which verdict."""
    names = get_args(Verdict)
    lines = [f"| | {' | '.join(names)} |", "|:--|" + "--:|" * len(names)]
    for label in (AS_PUBLISHED, "ours"):
        own = [finding.verdict for _, _, finding in found if finding.preset.startswith(label)]
        lines.append(f"| {label} | {' | '.join(str(own.count(name)) for name in names)} |")
    return "\n".join(lines)


def table_part(found: list[tuple[str, Item, Finding]]) -> str:
    """A line for each finding, in the order of the claims."""
    lines = [
        "| claim | preset | measured here | on | command | verdict |",
        "|:--|:--|:--|:--|:--|:--|",
    ]
    for key, claim in verifiable().items():
        told = f"{claim.system}: {claim.text}"
        for name, item, finding in found:
            if finding.claim == key:
                cells = [
                    f"[{told}](#{key})" if told else "",
                    finding.preset,
                    finding.measured or "–",
                    finding.data or "–",
                    command_of(name, item),
                    f"**{finding.verdict}**",
                ]
                lines.append(f"| {' | '.join(cells)} |")
                told = ""
        if told:
            lines.append(f"| [{told}](#{key}) | – | – | – | – | **not measured yet** |")
    return "\n".join(lines)


def command_of(name: str, item: Item) -> str:
    """What rebuilds and measures the numbers, with a link to their page if they have one."""
    command = f"`python -m experiments {name}`"
    if item.page == INDEX_PAGE:
        return command
    target = os.path.relpath(item.page, pathlib.PurePath(INDEX_PAGE).parent)
    return f"[{command}]({pathlib.PurePath(target).as_posix()})"


def rules_part(found: list[tuple[str, Item, Finding]]) -> str:
    """When a verdict is which."""
    parts = ["## Rules"]
    for key, claim in verifiable().items():
        rules: dict[str, list[str]] = {}
        for _, _, finding in found:
            if finding.claim == key:
                rules.setdefault(finding.rule, []).append(finding.preset)
        if rules:
            lines = [f"- {' and '.join(presets)}: {rule}" for rule, presets in rules.items()]
            parts.append(f"**{claim.system}: {claim.text}**\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def sources_part() -> str:
    """Where each claim stands."""
    parts = ["## Claims and their sources"]
    for key, claim in verifiable().items():
        told = [f"Source: {claim.source}."]
        told += [f"{sentence}." for sentence in (claim.setting.rstrip("."),) if sentence]
        told += [claim.note] if claim.note else []
        heading = f'### <a id="{key}"></a>{claim.system}: {claim.text}'
        parts.append(f"{heading}\n\n{' '.join(word[0].upper() + word[1:] for word in told)}")
    return "\n\n".join(parts)
