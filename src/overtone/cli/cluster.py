"""`--cluster`: what verbs about many pictures do where the workers are those of Ray."""

import contextlib
import dataclasses
import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TextIO

from cyclopts import Parameter

from overtone import __version__
from overtone.cli.arguments import Count, Device
from overtone.cli.cluster_inputs import found_pictures
from overtone.cli.exits import account_of, note
from overtone.cli.files import EXISTS
from overtone.cli.outcome import Outcome
from overtone.cli.progress import progress_bar
from overtone.errors import ConfigError, ConversionNeededError, ImageError

if TYPE_CHECKING:
    from overtone.batch.cluster import Cluster
    from overtone.batch.manifest import Manifest
    from overtone.batch.outlook import Existing, Outlook
    from overtone.batch.plan import Plan
    from overtone.batch.work import Conversion

# Workers of a Ray cluster; None works in this process.
ClusterAddress = Annotated[str | None, Parameter(name="--cluster", metavar="ADDRESS")]
# Most tasks at a time on a cluster.
Workers = Annotated[Count | None, Parameter(metavar="N")]
ManifestName = Annotated[str | None, Parameter(name="--manifest", metavar="FILE")]

MANIFEST = "manifest.jsonl"
LIMITS = ("max_pixels", "max_seconds")  # which refuse pictures, and change no result


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What a command was asked to read and write.

    Attributes:
        inputs: What was given.
        output: What was given with -o.
        recursive: Search the folders in a folder too.
        skip_existing: Leave out what has a result.
        force: Replace what is there.
    """

    inputs: Sequence[str]
    output: str | None
    recursive: bool
    skip_existing: bool
    force: bool

    @property
    def existing(self) -> "Existing":
        """What becomes of a picture that has a result already.

        Raises:
            ConfigError: The options contradict each other.
        """
        if self.force and self.skip_existing:
            raise ConfigError("--force replaces what --skip-existing keeps; give one of them")
        return "replace" if self.force else "skip" if self.skip_existing else "fail"


@dataclasses.dataclass(frozen=True, slots=True)
class OnCluster:
    """A command's work on many pictures by the workers of a cluster.

    Attributes:
        address: That of the cluster; None where the work is done in this process.
        workers: Most pictures at a time.
        threads: Threads for each picture.
        manifest: Name of the manifest.

    Raises:
        ConfigError: Something is given that has no meaning without a cluster.
    """

    address: str | None
    workers: int | None = None
    threads: int | None = None
    manifest: str | None = None

    def __post_init__(self) -> None:
        if self.address is None:
            given = {"--workers": self.workers, "--manifest": self.manifest}
            for name, value in given.items():
                if value is not None:
                    raise ConfigError(f"{name} is for work on a cluster; give --cluster too")

    @property
    def is_local(self) -> bool:
        """Whether the workers are on this machine, started by this program."""
        return self.address == "local"

    @property
    def num_threads(self) -> int:
        """Threads for each picture."""
        return self.threads or 1

    def checked_device(self, device: Device) -> Device:
        """The device of this process.

        Raises:
            ConfigError: It is a card, and the work is done by the workers of a cluster.
        """
        if self.address is not None and device != "cpu":
            raise ConfigError("the workers of a cluster compute on processors; leave out --device")
        return device

    @contextlib.contextmanager
    def connected(self, *, quiet: bool = False) -> "Iterator[Cluster]":
        """Around work by the cluster, with a bar while it starts."""
        from overtone.batch.cluster import connected

        assert self.address is not None
        with contextlib.ExitStack() as stack:
            # Ray tells there of every worker that dies; the manifest and the failures do too.
            stack.enter_context(contextlib.redirect_stdout(stack.enter_context(_nowhere())))
            with progress_bar("starting Ray", quiet=quiet):
                cluster = stack.enter_context(
                    connected(self.address, workers=self.workers, threads=self.num_threads)
                )
            yield cluster

    def convert(
        self,
        request: Request,
        suffixes: Collection[str],
        conversion: "Conversion",
        suffix: str,
        outcome: Outcome,
    ) -> int:
        """Has every picture converted; the exit code.

        Args:
            request: What is read and written.
            suffixes: Endings that folders and tar files are searched for.
            conversion: What is done with each picture.
            suffix: Ending of the results.
            outcome: Takes note of what is left out and of failures.

        Raises:
            ConfigError: The options contradict each other, or the manifest is of another run.
        """
        from overtone.batch.manifest import opened_manifest
        from overtone.batch.outlook import look_out
        from overtone.batch.plan import make_plan
        from overtone.batch.run import check_seen

        existing = request.existing
        found = found_pictures(
            request.inputs, suffixes, outcome, recursive=request.recursive, output=request.output
        )
        plan = make_plan(found, request.output, suffix)
        addresses = (item.picture.address for item in plan.items)
        check_seen([plan.folder, *addresses], is_local=self.is_local)
        name = _name_of_manifest(self.manifest, plan.folder)
        settings = _settings(conversion, suffix, plan)
        with opened_manifest(name, settings, restart=existing == "replace") as manifest:
            outlook = look_out(plan, manifest, existing)
            failures = self._run(plan, outlook, conversion, manifest, quiet=outcome.quiet)
            manifest.end()
        for source, reason in outlook.failures:
            outcome.fail(source, reason)
        for source, error in failures:
            outcome.fail(source, account_of(in_words(error)))
        shards = plan.shards  # one that cannot be packed is no picture that failed
        num_new = len(outlook.items) - sum(source not in shards for source, _ in failures)
        outcome.count(num_new + outlook.num_done)
        if outlook.num_skipped:
            outcome.skip(EXISTS, outlook.num_skipped)
        if not outcome.quiet:
            before = f", {outlook.num_done} were done before" if outlook.num_done else ""
            note(f"{num_new} done{before}; what became of each is in {name}")
        return outcome.exit_code()

    def _run(
        self,
        plan: "Plan",
        outlook: "Outlook",
        conversion: "Conversion",
        manifest: "Manifest",
        *,
        quiet: bool,
    ) -> list[tuple[str, Exception]]:
        from overtone.batch.run import run

        if not outlook.items and plan.shards.keys() <= outlook.packed:
            return []
        total = len(outlook.items)
        with self.connected(quiet=quiet) as cluster, progress_bar("working", quiet=quiet) as bar:

            def report(num_done: int) -> None:
                if bar is not None:
                    bar(num_done / max(1, total), f"{num_done} of {total} pictures")

            return run(cluster, plan, outlook, conversion, manifest, report)


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def _name_of_manifest(given: str | None, folder: str) -> str:
    """The manifest's name, in the folder of the results if none is given; makes that folder."""
    from overtone.batch import places

    if given is not None:
        if places.is_remote(given):
            raise ConfigError(f"the manifest is a file on this machine; {given} is not")
        return given
    if not folder or places.is_remote(folder):
        raise ConfigError(
            "give --manifest FILE, so that a run that is stopped can go on; results do not go to "
            "a folder on this machine, which could hold it"
        )
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, MANIFEST)


def _settings(conversion: "Conversion", suffix: str, plan: "Plan") -> dict[str, Any]:
    """What the results depend on; which pictures go into which tar file is a part of it."""
    from overtone.batch.run import absolute

    settings: dict[str, Any] = {"work": type(conversion).__name__.lower(), "suffix": suffix}
    settings |= {"version": __version__, "output": absolute(plan.folder)}
    for field in dataclasses.fields(conversion):  # pyright: ignore[reportArgumentType]
        value = getattr(conversion, field.name)
        settings |= dict(value) if isinstance(value, Mapping) else {field.name: value}
    for name in LIMITS:
        settings.pop(name, None)
    if plan.shards:
        names = [f"{item.picture.source}\n{item.shard}\n{item.sample}" for item in plan.items]
        digest = hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape"))
        settings["samples of the tar files"] = digest.hexdigest()
    return settings


def in_words(error: Exception) -> Exception:
    """The error, with the option that helps."""
    if isinstance(error, ConversionNeededError):
        return ImageError(f"{error}, or give --convert")
    return error
