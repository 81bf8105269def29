"""The manifest of a run: a line for each picture that was begun and for what became of it.

A run that was killed goes on from it. The file is JSON lines: first the settings, then events.

    {"manifest": 1, "settings": {...}}
    {"event": "begun", "source": ...}
    {"event": "done", "source": ..., "destination": ..., "size_bytes": ..., "sha256": ...}
    {"event": "bad", "source": ..., "reason": ...}
    {"event": "packed", "source": tar file, "size_bytes": ...}
    {"event": "reopened", "source": tar file}
    {"event": "end"}

For a name that ends in .parquet the lines stand in a file with `.jsonl` after that name, and the
table is written when a run ends.
"""

import contextlib
import json
import os
import pathlib
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import IO, Any

from overtone.errors import ConfigError, PathError
from overtone.files import check_folder_of, write_atomically

VERSION = 1
PARQUET = ".parquet"

Event = dict[str, Any]
Settings = Mapping[str, Any]


class Manifest:
    """What is known of a run; every event is in the file before the call returns.

    Args:
        path: Name of the JSON-lines file.
        file: The file, open for reading and appending.

    Attributes:
        begun: Pictures that a run has handed out, and some of these done or bad since.
        done: Picture to the event of its result.
        bad: Picture to why there is no result of it.
        packed: Tar file to the event that says it is complete.
        has_ended: Whether the last run came to its end.
        tries_bad_again: Whether what the run before has told to be bad may have been mended since.
    """

    def __init__(self, path: pathlib.Path, file: IO[bytes]) -> None:
        self.path = path
        self._file = file
        self._forget()

    def _forget(self) -> None:
        self.begun: set[str] = set()
        self.done: dict[str, Event] = {}
        self.bad: dict[str, str] = {}
        self.packed: dict[str, Event] = {}
        self.has_ended = self.tries_bad_again = False

    def load(self, settings: Settings, *, restart: bool) -> None:
        """Takes over what the file says; an empty one is begun with the settings.

        A last line that was cut short is taken away.

        Args:
            settings: What the results depend on.
            restart: Begin anew, if the run before has come to its end.

        Raises:
            ConfigError: It was made with other settings, or is no manifest.
        """
        self._file.seek(0)
        data = self._file.read()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            self._file.truncate(len(whole))
        lines = whole.splitlines()
        if lines:
            before = self._first(lines[0])
            for number, line in enumerate(lines[1:], 2):
                self._take(self._parsed(line, number))
            if not (restart and self.has_ended):
                self._compare(before, settings)
                self.tries_bad_again, self.has_ended = self.has_ended, False
                return
            self._file.truncate(0)
            self._forget()
        self._add({"manifest": VERSION, "settings": settings})

    def begin(self, source: str) -> None:
        """A picture is handed out, perhaps once more."""
        self._add({"event": "begun", "source": source})

    def finish(self, event: Event) -> None:
        """A picture is done, and its result written."""
        self._add({"event": "done"} | event)

    def refuse(self, source: str, reason: str) -> None:
        """A picture is given up."""
        self._add({"event": "bad", "source": source, "reason": reason})

    def pack(self, shard: str, size_bytes: int, num_samples: int) -> None:
        """A tar file of results is complete."""
        counts = {"size_bytes": size_bytes, "num_samples": num_samples}
        self._add({"event": "packed", "source": shard} | counts)

    def reopen(self, shard: str) -> None:
        """A tar file that was complete is made anew, of other pictures perhaps."""
        self._add({"event": "reopened", "source": shard})

    def end(self) -> None:
        """All that there was to do has been done or given up."""
        self._add({"event": "end"})

    def _add(self, event: Event) -> None:
        self._take(event)
        text = f"{json.dumps(event, ensure_ascii=False)}\n".encode("utf-8", "surrogateescape")
        if self._file.write(text) != len(text):  # a full disk may take a part
            raise OSError(28, "No space left on device", os.fspath(self.path))

    def _take(self, event: Event) -> None:
        source = event.get("source", "")
        self.has_ended = event.get("event") == "end"  # until another run does something
        match event.get("event"):
            case "begun":
                self.begun.add(source)
                self.bad.pop(source, None)
                self.done.pop(source, None)
            case "done":
                self.done[source] = event
                self.bad.pop(source, None)
            case "bad":
                self.bad[source] = event["reason"]
                self.done.pop(source, None)
            case "packed":
                self.packed[source] = event
            case "reopened":
                self.packed.pop(source, None)

    def _first(self, line: bytes) -> Settings:
        found = self._parsed(line, 1)
        if found.get("manifest") != VERSION or not isinstance(found.get("settings"), dict):
            raise ConfigError(
                f"{self.path} is no manifest of this version; give another --manifest"
            )
        return found["settings"]

    def _parsed(self, line: bytes, number: int) -> Event:
        try:
            event = json.loads(line.decode("utf-8", "surrogateescape"))
            if isinstance(event, dict):
                return event
        except (ValueError, RecursionError):
            pass
        raise ConfigError(
            f"{self.path}, line {number} is no event of a manifest; give another --manifest"
        )

    def _compare(self, before: Settings, now: Settings) -> None:
        """Raises `ConfigError` if results of both would not belong together."""
        now = json.loads(json.dumps(now))
        for name in [*now, *(each for each in before if each not in now)]:
            if before.get(name) != now.get(name):
                raise ConfigError(
                    f"{self.path} was begun with {name} {_shown(before.get(name))}, and this "
                    f"command has {_shown(now.get(name))}; give the same settings or another "
                    "--manifest"
                )


@contextlib.contextmanager
def opened_manifest(name: str, settings: Settings, *, restart: bool = False) -> Iterator[Manifest]:
    """The manifest of that name for one run at a time; makes it if there is none.

    Args:
        name: Name of the file.
        settings: What the results depend on.
        restart: Begin anew, if the run before has come to its end.

    Raises:
        ConfigError: It was made with other settings, or is no manifest.
        PathError: Its folder is missing, or another run has it.
        ModuleNotFoundError: It is to be a table, and the package that writes it is missing.
    """
    path = pathlib.Path(name)
    is_table = path.suffix == PARQUET
    if is_table:
        import pyarrow  # noqa: F401 - missing packages are told before the work
    check_folder_of(path)
    lines = path.with_name(f"{path.name}.jsonl") if is_table else path
    with lines.open("ab+", buffering=0) as file:
        _take_for_itself(file, lines)
        manifest = Manifest(lines, file)
        manifest.load(settings, restart=restart)
        yield manifest
        if is_table:
            write_atomically(path, _table(manifest))


def _take_for_itself(file: IO[bytes], path: pathlib.Path) -> None:
    """Raises `PathError` if another run writes to the file; a run that is killed lets it go."""
    locks = _locks()
    if locks is None:
        return
    try:
        locks.flock(file, locks.LOCK_EX | locks.LOCK_NB)
    except BlockingIOError as error:
        raise PathError(f"another run writes to {path}; wait for its end") from error


def _locks() -> ModuleType | None:
    """What locks files, where the system has it."""
    with contextlib.suppress(ImportError):
        import fcntl

        return fcntl
    return None


def _table(manifest: Manifest) -> bytes:
    """The results and failures as a Parquet file, a row each."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as parquet

    rows = [{**event, "reason": None} for event in manifest.done.values()]
    rows += [
        {"event": "bad", "source": source, "reason": reason}
        for source, reason in manifest.bad.items()
    ]
    names = sorted({name for row in rows for name in row})
    columns = {name: [_in_unicode(row.get(name)) for row in rows] for name in names}
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


def _in_unicode(value: Any) -> Any:
    """Text without what a name in no Unicode has; a table cannot hold that."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:80]}…"
