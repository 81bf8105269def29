"""What a manifest and a folder of results say about a run, in numbers."""

import collections
import dataclasses
import json
import pathlib


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """How often each picture was handed out and done, by a manifest.

    Attributes:
        begun: Picture to how often it was handed out.
        done: Picture to how often it was done.
        bad: Pictures that were given up.
    """

    begun: collections.Counter[str]
    done: collections.Counter[str]
    bad: set[str]

    @property
    def in_flight(self) -> set[str]:
        """Pictures that were handed out and neither done nor given up."""
        return set(self.begun) - set(self.done) - self.bad


def account_of(manifest: pathlib.Path) -> Account:
    """That of a manifest, which may be written at the moment; none is an empty one."""
    begun, done, bad = collections.Counter(), collections.Counter(), set()
    text = manifest.read_bytes() if manifest.exists() else b""
    for line in text[: text.rfind(b"\n") + 1].splitlines()[1:]:
        event = json.loads(line)
        match event["event"]:
            case "begun":
                begun[event["source"]] += 1
            case "done":
                done[event["source"]] += 1
            case "bad":
                bad.add(event["source"])
    return Account(begun, done, bad)


def results_in(folder: pathlib.Path) -> dict[str, bytes]:
    """Name to bytes of every file there but the manifest; also of those half written, if any."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.jsonl"
    }
