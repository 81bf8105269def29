"""What is to be done: where each picture is, and where its result goes."""

import dataclasses
import os
import pathlib
from collections.abc import Collection, Iterable, Iterator, Sequence

from overtone.batch import places
from overtone.batch.shards import TAR, Member, members_of, pictures_in, spelled_out
from overtone.errors import ConfigError, PathError
from overtone.files import check_folder_of

PARTS = ".parts"  # follows the name of a tar file; results wait there until all of them are done


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was found.

    Attributes:
        source: What it is called in the manifest and in messages.
        address: The file that it is, or is in.
        below: Where it lies in the folder that was given; None if the file itself was named.
        member: Which file of a tar file it is; None if it is a file of its own.
    """

    source: str
    address: str
    below: str | None = None
    member: Member | None = None

    def read(self) -> bytes:
        """The bytes of its file."""
        if self.member is None:
            return places.read(self.address)
        return places.read_part(self.address, self.member.offset, self.member.size_bytes)


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """A picture and where its result goes.

    Attributes:
        picture: The picture.
        destination: Name of the file to write.
        shard: The tar file that takes the result up in the end; empty for none.
        sample: What the result is called in it.
    """

    picture: Picture
    destination: str
    shard: str = ""
    sample: str = ""


@dataclasses.dataclass(slots=True)
class Plan:
    """All that is to be done.

    Attributes:
        folder: Folder of the results; empty where each lies beside its source.
        items: Those that can be done.
        failures: Source and reason of those that cannot.
    """

    folder: str
    items: list[Item]
    failures: list[tuple[str, str]]

    @property
    def shards(self) -> dict[str, list[Item]]:
        """The tar files to write, and what goes into each."""
        found: dict[str, list[Item]] = {}
        for item in self.items:
            if item.shard:
                found.setdefault(item.shard, []).append(item)
        return found


def in_archive(address: str, suffixes: Collection[str]) -> Iterator[Picture]:
    """The pictures in a tar file.

    Raises:
        DataError: It is no tar file that can be read at any place.
        PathError: There is no such file, or no such picture in it.
    """
    found = pictures_in(members_of(address), suffixes)
    if not found:
        raise PathError(f"{address} holds no file that ends in {', '.join(sorted(suffixes))}")
    for each in found:
        yield Picture(f"{address}::{each.name}", address, None, each)


def remote_pictures(
    address: str, suffixes: Collection[str], *, recursive: bool
) -> Iterator[Picture]:
    """What a remote address stands for: a file, a pattern, a tar file or a folder.

    Raises:
        ConfigError: No package for such addresses is installed.
        PathError: There is nothing.
    """
    if address.endswith(TAR):
        yield from in_archive(address, suffixes)
        return
    if "*" in address:
        found = places.matching(address)
        if not found:
            raise PathError(f"no file matches {address}")
        yield from (Picture(each, each) for each in found)
        return
    if places.is_file(address):
        yield Picture(address, address)
        return
    top = address.rstrip("/")
    length = len(places.file_system(top)[1].rstrip("/")) + 1
    pictures = []
    for each in places.files_below(top):
        inside = places.file_system(each)[1][length:]
        below = inside.rpartition("/")[0]
        is_hidden = any(part.startswith(".") for part in inside.split("/"))
        is_picture = pathlib.PurePath(inside).suffix.lower() in suffixes
        if is_picture and not is_hidden and (recursive or not below):
            pictures.append(Picture(each, each, below))
    if not pictures:
        depth = "even in its sub-folders" if recursive else "--recursive searches sub-folders"
        raise PathError(f"folder {address} holds no {', '.join(sorted(suffixes))} ({depth})")
    yield from pictures


def listed_in(path: str) -> list[str]:
    """The names in a list, one a line; blank lines and those that begin with # are none.

    Raises:
        PathError: There is no such file, or it is no text.
    """
    try:
        text = places.read(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise PathError(f"{path} is no list of names: {error}") from error
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def make_plan(pictures: Sequence[Picture], out: str | None, suffix: str) -> Plan:
    """Where the result of each picture goes.

    Args:
        pictures: The pictures.
        out: A folder; tar files, `out.tar` or `out-{000..009}.tar`; or None for beside each.
        suffix: Ending of the results.

    Raises:
        ConfigError: There is nothing such as `out`, or pictures of a tar file have no place.
    """
    if out is None:
        if any(each.member is not None for each in pictures):
            raise ConfigError("nothing can be written beside a picture in a tar file; give -o")
        places_of = (places.folder_of(each.address) for each in pictures)
        items = [
            Item(each, places.joined(place, _stem(each.address) + suffix))
            for each, place in zip(pictures, places_of, strict=True)
        ]
        return _without_clashes("", items)
    if out.endswith(TAR):
        return _without_clashes(places.folder_of(out), _in_shards(pictures, out, suffix))
    _check_folder(out, suffix)
    return _without_clashes(out, [_in_folder(each, out, suffix) for each in pictures])


def _in_folder(picture: Picture, out: str, suffix: str) -> Item:
    if picture.member is None:
        name = _stem(picture.address) + suffix
        return Item(picture, places.joined(out, picture.below or "", name))
    inside, _, file = picture.member.name.rpartition("/")
    name = pathlib.PurePath(file).stem + suffix
    return Item(picture, places.joined(out, _stem(picture.address), inside, name))


def _in_shards(pictures: Sequence[Picture], out: str, suffix: str) -> list[Item]:
    """Those of a tar file go into one of their own, files into as many of them each."""
    shards = spelled_out(out)
    archives = list(dict.fromkeys(each.address for each in pictures if each.member is not None))
    if archives and any(each.member is None for each in pictures):
        raise ConfigError("give either tar files or pictures that become tar files, not both")
    if archives and len(archives) != len(shards):
        raise ConfigError(
            f"{len(archives)} tar files become as many, and {out} is {len(shards)}; "
            "give as many, or a folder"
        )
    if len(shards) > len(pictures):
        raise ConfigError(f"{out} is {len(shards)} tar files, for {len(pictures)} pictures")
    own = dict(zip(archives, shards, strict=False))
    items = []
    for number, each in enumerate(pictures):
        shard = own.get(each.address) or shards[number * len(shards) // len(pictures)]
        sample = f"{_sample_name(each)}{suffix}"
        part = places.joined(f"{shard}{PARTS}", *sample.split("/"))
        items.append(Item(each, part, shard, sample))
    return items


def _sample_name(picture: Picture) -> str:
    """What the result is called, but for its ending; of a file without dots, which end a key."""
    if picture.member is not None:
        return picture.member.name[: -len(picture.member.suffix)]
    name = _stem(picture.address).replace(".", "_")
    return "/".join([*filter(None, (picture.below or "").split(os.sep)), name])


def _without_clashes(folder: str, items: Iterable[Item]) -> Plan:
    """The plan; of two pictures with one result the first is done."""
    plan = Plan(folder, [], [])
    taken: dict[str, str] = {}
    for item in items:
        source, where = item.picture.source, _real(item.destination)
        if item.picture.member is not None and not item.picture.member.is_safe:
            plan.failures.append((source, "its name in the tar file leads out of a folder"))
        elif item.picture.member is None and where == _real(item.picture.address):
            reason = f"{item.destination} would replace its own source; give another -o"
            plan.failures.append((source, reason))
        elif where in taken:
            reason = f"{item.destination} is the result of {taken[where]}; give this one another -o"
            plan.failures.append((source, reason))
        else:
            taken[where] = source
            plan.items.append(item)
    return plan


def _real(address: str) -> str:
    return address if places.is_remote(address) else os.path.abspath(address)


def _stem(address: str) -> str:
    return pathlib.PurePath(address.rpartition("/")[2] or address).stem


def _check_folder(out: str, suffix: str) -> None:
    if places.is_remote(out):
        places.file_system(out)  # now, not after a minute's work
        return
    if os.path.isdir(out):
        return
    if os.path.exists(out) or pathlib.PurePath(out).suffix.lower() == suffix or out == "-":
        raise ConfigError(f"on a cluster -o is a folder, or ends in {TAR}; {out} is a file")
    check_folder_of(pathlib.Path(out))
