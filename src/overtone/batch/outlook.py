"""What of a plan is left to be done, given the manifest of the runs before."""

import dataclasses
from typing import Literal

from overtone.batch import places
from overtone.batch.manifest import Manifest
from overtone.batch.plan import Item, Plan

Existing = Literal["fail", "skip", "replace"]
_EXISTS = "exists; give --force to replace it or --skip-existing to keep it"


@dataclasses.dataclass(slots=True)
class Outlook:
    """What a plan comes to.

    Attributes:
        items: Those to be done.
        num_done: Pictures that were done before.
        num_skipped: Pictures whose results are there and stay.
        failures: Source and reason of those that cannot be done.
        packed: Tar files that are complete.
    """

    items: list[Item]
    num_done: int
    num_skipped: int
    failures: list[tuple[str, str]]
    packed: set[str]


def look_out(plan: Plan, manifest: Manifest, existing: Existing) -> Outlook:
    """Which pictures are left to be done.

    Those are left out whose results the manifest has, if they are there and the pictures' files
    are what they were, as far as this machine sees them; and those that the run before gave up, if
    it was stopped before its end. A picture that was handed out when the run was stopped is done
    again, whatever is at its place.

    Args:
        plan: All pictures.
        manifest: What is known of runs before.
        existing: What becomes of a picture whose result is there without the manifest's knowing.
    """
    outlook = Outlook([], 0, 0, list(plan.failures), set())
    sizes = _Sizes(plan.folder)
    for shard, items in plan.shards.items():
        _look_at_shard(shard, items, outlook, sizes, manifest, existing)
    for item in plan.items:
        if not item.shard:
            _look_at(item, outlook, sizes, manifest, existing)
    return outlook


def _look_at_shard(
    shard: str,
    items: list[Item],
    outlook: Outlook,
    sizes: "_Sizes",
    manifest: Manifest,
    existing: Existing,
) -> None:
    """Sorts the pictures of one tar file; what waits for it beside it is from runs of this one."""
    found = sizes.of(shard)
    packed = manifest.packed.get(shard)
    sources = [item.picture.source for item in items]
    is_whole = packed is not None and packed["size_bytes"] == found
    if is_whole and not any(_has_changed(item, manifest) for item in items):
        outlook.packed.add(shard)
        bad = [(each, manifest.bad[each]) for each in sources if each in manifest.bad]
        outlook.failures += bad
        outlook.num_done += len(items) - len(bad)
    elif found is not None and existing == "skip" and not manifest.begun.intersection(sources):
        outlook.packed.add(shard)
        outlook.num_skipped += len(items)
    elif found is not None and existing == "fail" and not manifest.begun.intersection(sources):
        outlook.packed.add(shard)
        outlook.failures += [(each, f"{shard} {_EXISTS}") for each in sources]
    else:
        for item in items:
            _look_at(item, outlook, sizes, manifest, "replace")


def _look_at(
    item: Item, outlook: Outlook, sizes: "_Sizes", manifest: Manifest, existing: Existing
) -> None:
    source = item.picture.source
    done = manifest.done.get(source)
    if source in manifest.bad and not manifest.tries_bad_again:
        outlook.failures.append((source, manifest.bad[source]))
        return
    found = sizes.of(item.destination)
    is_in_flight = done is None and source in manifest.begun
    is_own = done is not None and found == done["size_bytes"]
    has_changed = is_own and _has_changed(item, manifest)
    if is_own and not has_changed:
        outlook.num_done += 1
    elif found is None or existing == "replace" or is_in_flight:
        outlook.items.append(item)
    elif existing == "skip":
        outlook.num_skipped += 1
    elif has_changed:
        outlook.items.append(item)
    else:
        outlook.failures.append((source, f"{item.destination} {_EXISTS}"))


def _has_changed(item: Item, manifest: Manifest) -> bool:
    """Whether the file that a result is of is another one now."""
    done = manifest.done.get(item.picture.source, {})
    now = places.stamp_of(item.picture.address) if "source_mtime_ns" in done else {}
    return any(done[name] != value for name, value in now.items())


class _Sizes:
    """Sizes of files; those in a remote folder are asked for all at once."""

    def __init__(self, folder: str) -> None:
        self._known: dict[str, int] | None = None
        self._folder = folder
        if folder and places.is_remote(folder):
            self._known = places.sizes_below(folder)

    def of(self, address: str) -> int | None:
        if self._known is not None and address.startswith(f"{self._folder.rstrip('/')}/"):
            return self._known.get(address)
        return places.size_of(address)
