"""What the rows of CIFAR-10 say: distances above the floor, their order, and the papers' claims."""

import dataclasses
import itertools
import pathlib
import statistics
from collections.abc import Sequence

from experiments.cifar10.kinds import KINDS, LISTS, PLAIN, PUBLISHED_PRIOR, System, label_of
from experiments.dctransformer.judge import diverse
from experiments.harness.claims import figure
from experiments.harness.item import Finding, share_that_does
from experiments.harness.published import MARGIN, SAME_SHARE, competitive
from experiments.harness.rows import read_distances
from overtone.evaluate.distribution.rows import DistributionRow

RESULTS = pathlib.Path("experiments/cifar10/rows")
MAIN, FAST = "efficientnet-lite0", "color32"
NETWORKS = (FAST, MAIN)  # in the order in which they measure
FLOOR = "other-split"  # training pictures against the test pictures
STEADY = 0.2  # a spread over runs of at most that share of the mean
OURS = "ours, on CIFAR-10"
PUBLISHED = "as published, on CIFAR-10"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One kind of runs with one way of drawing.

    Attributes:
        label: Its key in the table of kinds.
        rows: A row for each seed.
    """

    label: str
    rows: tuple[DistributionRow, ...]

    def mean(self, name: str) -> float:
        """A number, averaged over the runs."""
        return statistics.mean(row.values[name] for row in self.rows)

    @property
    def prior(self) -> str | None:
        """What the latents were drawn from."""
        return self.rows[0].source.prior


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """All rows of one feature network.

    Attributes:
        network: Its name.
        entries: What was drawn, by rising distance.
        real: Rows of real pictures, by what was done to them.
    """

    network: str
    entries: tuple[Entry, ...]
    real: dict[str, DistributionRow]

    @property
    def anchor(self) -> Entry | None:
        """The autoencoder, sampled from N(0, I)."""
        return next((e for e in self.entries if (e.label, e.prior) == ("vae", PLAIN)), None)

    def above_floor(self, entry: Entry) -> float | None:
        """Distance less that of training pictures; None without these."""
        floor = self.real.get(FLOOR)
        return None if floor is None else entry.mean("frechet") - floor.values["frechet"]

    def share(self, entry: Entry) -> float | None:
        """Distance above the floor over that of the anchor; None without one of them."""
        own = self.above_floor(entry)
        whole = self.above_floor(self.anchor) if self.anchor else None
        return None if own is None or not whole else own / whole

    def best(self, labels: Sequence[str]) -> Entry | None:
        """The nearest of some kinds."""
        return next((entry for entry in self.entries if entry.label in labels), None)


def labels_of(system: System, *, is_published: bool | None = None) -> list[str]:
    """The kinds of a system, all or those that follow its document or do not."""
    return [
        label
        for label, kind in KINDS.items()
        if kind.system == system and is_published in (None, kind.is_published)
    ]


def read_measured(root: pathlib.Path) -> dict[str, Measured]:
    """The rows of each network, by its name."""
    found = {}
    for network in NETWORKS:
        groups: dict[tuple[object, ...], list[DistributionRow]] = {}
        real = {}
        for row in read_distances(root / RESULTS / f"{network}.jsonl"):
            label, source = label_of(row.source.name), row.source
            if label is not None:
                key = (label, source.prior, source.temperature, source.guidance)
                groups.setdefault(key, []).append(row)
            else:
                real[row.source.name if row.compared == "samples" else row.compared] = row
        entries = [Entry(str(key[0]), tuple(rows)) for key, rows in groups.items()]
        entries.sort(key=lambda entry: entry.mean("frechet"))
        found[network] = Measured(network, tuple(entries), real)
    return found


def counting_entries(measured: Measured) -> dict[str, Entry]:
    """The best draw of each kind; of the autoencoder and of published generators their own."""
    found: dict[str, Entry] = {}
    for entry in measured.entries:
        kind = KINDS[entry.label]
        own = {"vae": PLAIN, "fourier-generator": PUBLISHED_PRIOR}.get(kind.model)
        if own in (None, entry.prior):
            found.setdefault(entry.label, entry)
    return found


def disagreements(measured: dict[str, Measured]) -> tuple[int, list[tuple[str, str]]]:
    """Pairs of kinds that both networks have measured, and those they put in another order."""
    first, second = (counting_entries(measured[name]) for name in (MAIN, FAST))
    common = [label for label in first if label in second]
    pairs = list(itertools.combinations(common, 2))
    return len(pairs), [
        (a, b) for a, b in pairs if second[a].mean("frechet") > second[b].mean("frechet")
    ]


def judge(root: pathlib.Path) -> Sequence[Finding]:
    """The three papers' claims about CIFAR-10, on this copy, with both networks."""
    measured = read_measured(root)
    findings = []
    for preset, is_published in ((PUBLISHED, True), (OURS, False)):
        labels = labels_of("DFM", is_published=is_published)
        findings += [
            beats_vae(measured, preset, labels),
            share_of_vae(measured, "dfm-fid", preset, labels),
        ]
    findings.append(steady(measured))
    for preset, is_published in ((PUBLISHED, True), (OURS, False)):
        labels = labels_of("dictionary", is_published=is_published)
        findings += [
            without_score(share_of_vae(measured, "dictionary-fid", preset, labels)),
            competitive("dictionary-competitive", preset, *split_rows(measured, labels)),
        ]
    own, others = split_rows(measured, LISTS)
    findings.append(competitive("dct-competitive", OURS, own, others))
    findings.append(dataclasses.replace(diverse(own, others), preset=OURS))
    return findings


def nearest_of(measured: Measured, labels: Sequence[str]) -> Entry | None:
    """The best entry of some kinds that counts."""
    entries = counting_entries(measured)
    found = [entries[label] for label in labels if label in entries]
    return min(found, key=lambda entry: entry.mean("frechet"), default=None)


def beats_vae(measured: dict[str, Measured], preset: str, labels: Sequence[str]) -> Finding:
    """The best of a document's forms against the autoencoder."""
    told, outcomes, sets = [], [], []
    for each in measured.values():
        own, other = nearest_of(each, labels), each.anchor
        if own and other:
            change = own.mean("frechet") / other.mean("frechet") - 1
            told.append(
                f"{KINDS[own.label].title} {own.mean('frechet'):.4g} against "
                f"{other.mean('frechet'):.4g} ({100 * change:+.0f} %) with `{each.network}`"
            )
            outcomes.append(change <= -MARGIN)
            sets.append(f"`{each.network}`")
    return Finding(
        claim="dfm-beats-vae",
        preset=preset,
        measured="Fréchet distance: " + "; ".join(told) if told else "",
        data=of_networks(sets),
        verdict=share_that_does(sum(outcomes), len(outcomes)),
        rule=f"Fréchet distance on CIFAR-10 at least {100 * MARGIN:.0f} % below that of `vae` "
        "sampled from N(0, I) with each feature network: holds; with one: in part; with none: does "
        "not hold. The best form counts; what is as published is drawn from N(0, σ² I) with the "
        "best of several σ. Trainings differ in length, as the page shows.",
    )


def share_of_vae(
    measured: dict[str, Measured], claim: str, preset: str, labels: Sequence[str]
) -> Finding:
    """A published distance as a share of the published autoencoder's, and ours of ours."""
    wanted = figure(claim, "fid") / figure("dfm-beats-vae", "vae_fid")
    told, outcomes, sets = [], [], []
    for each in measured.values():
        own, other = nearest_of(each, labels), each.anchor
        if own and other:
            share = own.mean("frechet") / other.mean("frechet")
            told.append(f"{share:.2f} with `{each.network}` ({KINDS[own.label].title})")
            outcomes.append(share <= wanted * (1 + SAME_SHARE))
            sets.append(f"`{each.network}`")
    return Finding(
        claim=claim,
        preset=preset,
        measured=f"Fréchet distance as a share of that of `vae` from N(0, I), published "
        f"{wanted:.2f}: " + "; ".join(told)
        if told
        else "",
        data=of_networks(sets),
        verdict=share_that_does(sum(outcomes), len(outcomes)),
        rule="The published number is of the Inception network, which is not here, so its share of "
        f"the {figure('dfm-beats-vae', 'vae_fid'):g} of the autoencoder is compared: the distance "
        f"here, over that of `vae` from N(0, I) here, at most {100 * SAME_SHARE:.0f} % above that "
        "share with each feature network: holds; with one: in part; with none: does not hold. It "
        "says nothing about the number itself.",
    )


def without_score(finding: Finding) -> Finding:
    """A verdict on a claim that also names an Inception score, which is not tested."""
    return dataclasses.replace(
        finding,
        verdict="holds in part" if finding.verdict == "holds" else finding.verdict,
        rule=f"{finding.rule} The Inception score of the claim is that network's and is not "
        "tested: the claim holds in part at most.",
    )


def steady(measured: dict[str, Measured]) -> Finding:
    """The spread over seeds of ours with several."""
    told, outcomes, sets = [], [], []
    for each in measured.values():
        own = next(
            (entry for entry in each.entries if len(entry.rows) > 1 and entry.label != "vae"), None
        )
        if own:
            values = [row.values["frechet"] for row in own.rows]
            spread = statistics.stdev(values) / statistics.mean(values)
            told.append(f"{100 * spread:.0f} % ({len(values)} runs) with `{each.network}`")
            outcomes.append(spread <= STEADY)
            sets.append(f"`{each.network}`")
    return Finding(
        claim="dfm-stable",
        preset=OURS,
        measured="generation, adversarial: standard deviation of the Fréchet distance over its "
        "mean: " + "; ".join(told)
        if told
        else "",
        data=of_networks(sets),
        verdict=share_that_does(sum(outcomes), len(outcomes)),
        rule="Standard deviation of the Fréchet distance over runs that differ in their seed only "
        f"at most {100 * STEADY:.0f} % of the mean with each feature network: holds; with one: in "
        "part; with none: does not hold.",
    )


def split_rows(
    measured: dict[str, Measured], labels: Sequence[str]
) -> tuple[list[DistributionRow], list[DistributionRow]]:
    """The rows of some kinds and those of the others."""
    own, others = [], []
    for each in measured.values():
        for entry in each.entries:
            (own if entry.label in labels else others).extend(entry.rows)
    return own, others


def of_networks(names: Sequence[str]) -> str:
    """The data, with the networks that measured."""
    return f"CIFAR-10, a copy stored as JPEG ({', '.join(names)})" if names else "none"
