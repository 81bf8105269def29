"""One run: what is left of a plan is handed out, and the manifest says what became of it."""

import collections
import contextlib
import dataclasses
import os
import pathlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from overtone.batch import places
from overtone.batch.cluster import Cluster
from overtone.batch.manifest import Manifest
from overtone.batch.outlook import Outlook
from overtone.batch.plan import PARTS, Item, Plan
from overtone.batch.work import Conversion, Converting, Done, Job, Shard
from overtone.errors import ConfigError, PathError
from overtone.files import remove_partial_files

MARKER = ".overtone-cluster"

Failure = tuple[str, Exception]


def check_seen(addresses: Iterable[str], *, is_local: bool) -> None:
    """Raises `ConfigError` if something lies in this process alone and the cluster is elsewhere."""
    hidden = next(filter(places.is_of_one_process, addresses), None)
    if hidden is not None and not is_local:
        raise ConfigError(
            f"{hidden} lies in the memory of this process, where no worker of another machine "
            "sees it; use --cluster local, or files"
        )


def run(
    cluster: Cluster,
    plan: Plan,
    outlook: Outlook,
    convert: Conversion,
    manifest: Manifest,
    report: Callable[[int], None],
) -> list[Failure]:
    """Does what is left, and packs the tar files that it belongs in.

    Args:
        cluster: The workers.
        plan: All pictures.
        outlook: What is left of them.
        convert: Makes the result of a picture from its file.
        manifest: Takes note of every picture that is handed out, done or given up.
        report: Called with the number of pictures done in this run.

    Returns:
        Sources that failed, and why.
    """
    folders = {_folder_of(item) for item in outlook.items if item.picture.source in manifest.begun}
    with _marked(plan.folder, is_needed=not cluster.is_local) as marker:
        work = _Run(plan, outlook, manifest, report, _Worker(Converting(convert, *marker)))
        work.hand_out(cluster, work.jobs(outlook.items))
        # Files that workers do not see are sent to them; the last tar files are packed.
        work.hand_out(cluster, work.jobs(work.unseen, sends_data=True))
        work.hand_out(cluster, work.packings())
    for folder in sorted(folders | work.folders_of_deaths):
        if not places.is_remote(folder):
            remove_partial_files(pathlib.Path(folder))
    return work.failures


@dataclasses.dataclass(frozen=True, slots=True)
class _Worker:
    """What a worker does with a job: converts a picture, or packs a tar file."""

    converting: Converting

    def __call__(self, job: Job | Shard) -> Done | int:
        return job.pack() if isinstance(job, Shard) else self.converting(job)


class _Run:
    """The state of one run."""

    def __init__(
        self,
        plan: Plan,
        outlook: Outlook,
        manifest: Manifest,
        report: Callable[[int], None],
        worker: _Worker,
    ) -> None:
        self._manifest, self._report, self._worker = manifest, report, worker
        self.failures: list[Failure] = []
        self.unseen: list[Item] = []
        self.folders_of_deaths: set[str] = set()
        self._num_done = 0
        self._shards = {
            shard: items for shard, items in plan.shards.items() if shard not in outlook.packed
        }
        for shard in self._shards.keys() & manifest.packed.keys():
            manifest.reopen(shard)
        self._by_address = {absolute(shard): shard for shard in self._shards}
        for shard in plan.shards.keys() - self._shards.keys():
            if shard in manifest.packed:  # a run may have been killed before it took them away
                places.remove_folder(f"{shard}{PARTS}")
        self._stamps: dict[str, dict[str, int]] = {}  # of what is handed out
        self._missing = collections.Counter(item.shard for item in outlook.items if item.shard)
        self._complete = collections.deque(
            shard for shard in self._shards if not self._missing[shard]
        )

    def hand_out(self, cluster: Cluster, jobs: Iterator[Job | Shard]) -> None:
        """Has all jobs done."""
        for job, result in cluster.finished(self._worker, jobs, on_retry=self._note):
            if isinstance(job, Shard):
                is_unseen = isinstance(result, PathError) and not cluster.is_local
                self._packed(job, _pack_here(job) if is_unseen else result)
            elif (
                isinstance(result, PathError)
                and job.data is None
                and not cluster.is_local
                and places.is_file(job.item.picture.address)
            ):
                self.unseen.append(job.given)
            else:
                self._converted(job, result)

    def jobs(self, items: list[Item], *, sends_data: bool = False) -> Iterator[Job | Shard]:
        """A job for each picture, and one for each tar file that has become complete."""
        for item in items:
            yield from self.packings()
            picture = item.picture
            self._stamps[picture.source] = places.stamp_of(picture.address)
            is_hidden = places.is_of_one_process(picture.address)
            try:
                data = picture.read() if sends_data or is_hidden else None
            except Exception as error:
                self._give_up(item, error)
                continue
            self._manifest.begin(picture.source)
            here = dataclasses.replace(picture, address=absolute(picture.address))
            target = dataclasses.replace(item, picture=here, destination=absolute(item.destination))
            returns = sends_data or places.is_of_one_process(item.destination)
            yield Job(item, target, data, returns)

    def _note(self, job: Job | Shard) -> None:
        if isinstance(job, Job):
            self._manifest.begin(job.given.picture.source)
            self.folders_of_deaths.add(_folder_of(job.given))

    def packings(self) -> Iterator[Shard]:
        """Tar files whose results are all there; those in this process are packed at once."""
        while self._complete:
            shard = self._complete.popleft()
            packing = self._packing(shard)
            if places.is_of_one_process(shard) or places.is_of_one_process(packing.archive):
                self._packed(packing, _pack_here(packing))
            elif packing.results:
                yield packing

    def _packing(self, shard: str) -> Shard:
        items = self._shards[shard]
        bad = [each for each in items if each.picture.source not in self._manifest.done]
        kept = tuple(
            dataclasses.replace(each, destination=absolute(each.destination))
            for each in items
            if each.picture.source in self._manifest.done
        )
        first = items[0].picture
        names = frozenset(each.picture.member.name for each in bad if each.picture.member)
        archive = absolute(first.address) if first.member is not None else ""
        return Shard(absolute(shard), kept, archive, names)

    def _packed(self, job: Shard, result: Any) -> None:
        shard = self._by_address[job.address]
        if isinstance(result, Exception):
            self.failures.append((shard, result))
            return
        self._manifest.pack(shard, result, len(job.results))
        places.remove_folder(f"{shard}{PARTS}")

    def _converted(self, job: Job, result: Any) -> None:
        item = job.given
        if isinstance(result, Exception):
            self._give_up(item, result)
            return
        if result.data is not None:
            try:
                places.write(item.destination, result.data)
            except Exception as error:
                self._give_up(item, error)
                return
        facts = self._stamps[item.picture.source] | result.facts
        self._manifest.finish(
            {"source": item.picture.source, "destination": item.destination} | facts
        )
        self._count(item)

    def _give_up(self, item: Item, error: Exception) -> None:
        self.failures.append((item.picture.source, error))
        self._manifest.refuse(item.picture.source, " ".join(str(error).split()))
        self._count(item)

    def _count(self, item: Item) -> None:
        del self._stamps[item.picture.source]
        self._num_done += 1
        self._report(self._num_done)
        if item.shard:
            self._missing[item.shard] -= 1
            if not self._missing[item.shard]:
                self._complete.append(item.shard)


def _pack_here(job: Shard) -> int | Exception:
    """As a worker packs a tar file, for one that no worker sees."""
    try:
        return job.pack()
    except Exception as error:
        return error


@contextlib.contextmanager
def _marked(folder: str, *, is_needed: bool) -> Iterator[tuple[str, bytes]]:
    """A file in the folder of the results, and what it says to a worker that sees that folder."""
    if not (is_needed and folder) or places.is_remote(folder):
        yield "", b""
        return
    # A program that is killed leaves it; the next one takes it away.
    marker, token = os.path.join(os.path.abspath(folder), MARKER), secrets.token_bytes(16)
    places.write(marker, token)
    try:
        yield marker, token
    finally:
        pathlib.Path(marker).unlink(missing_ok=True)


def _folder_of(item: Item) -> str:
    return places.folder_of(item.destination)


def absolute(address: str) -> str:
    """The address as a process with another working folder has it."""
    return address if not address or places.is_remote(address) else os.path.abspath(address)
