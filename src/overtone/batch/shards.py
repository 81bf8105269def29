"""Tar files of samples, as webdataset has them: members of one key in a row, `key.ext` each."""

import dataclasses
import io
import re
import tarfile
from collections.abc import Callable, Collection, Iterator, Sequence

from overtone.batch import places
from overtone.errors import DataError

TAR = ".tar"
_BRACES = re.compile(r"\{(\d+)\.\.(\d+)\}")
_MOST_SHARDS = 10_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A file in a tar file.

    Attributes:
        name: Its name there.
        offset: Where its bytes begin in the tar file.
        size_bytes: How many there are.
    """

    name: str
    offset: int
    size_bytes: int

    @property
    def key(self) -> str:
        """What the members of a sample have in common: the name up to the first dot of its file."""
        folder, slash, file = self.name.rpartition("/")
        return f"{folder}{slash}{file.partition('.')[0]}"

    @property
    def suffix(self) -> str:
        """The last ending of the name, in small letters."""
        _, dot, ending = self.name.rpartition("/")[2].rpartition(".")
        return f"{dot}{ending}".lower()

    @property
    def is_safe(self) -> bool:
        """Whether the name leads nowhere but below the folder that it is put in."""
        parts = self.name.split("/")
        return not ({"", ".", ".."} & set(parts) or "\\" in self.name or "\0" in self.name)


def spelled_out(name: str) -> list[str]:
    """The names that `shard-{000..009}.tar` stands for; a name without braces is itself.

    Raises:
        DataError: The numbers run backwards or are absurdly many.
    """
    found = _BRACES.search(name)
    if found is None:
        return [name]
    first, last, width = int(found[1]), int(found[2]), len(found[1])
    if not 0 <= last - first < _MOST_SHARDS:
        raise DataError(f"{name}: the numbers in braces must rise, as in {{000..009}}")
    before, after = name[: found.start()], name[found.end() :]
    return [
        f"{before}{number:0{width}}{rest}"
        for number in range(first, last + 1)
        for rest in spelled_out(after)
    ]


def members_of(address: str) -> list[Member]:
    """The files in a tar file, in order.

    Raises:
        DataError: It is no tar file that can be read at any place, or a damaged one.
        PathError: There is no such file.
    """
    try:
        with places.opened(address) as file, tarfile.open(fileobj=file, mode="r:") as tar:
            return [
                Member(each.name.removeprefix("./"), each.offset_data, each.size)
                for each in tar
                if each.isreg()
            ]
    except tarfile.TarError as error:
        raise DataError(
            f"{address} is no tar file without compression, or damaged: {error}"
        ) from error


def from_samples(samples: Sequence[tuple[str, bytes]]) -> bytes:
    """A tar file with these names and contents; the same ones give the same bytes."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in samples:
            header = tarfile.TarInfo(name)
            header.size, header.mode = len(data), 0o644
            tar.addfile(header, io.BytesIO(data))
    return file.getvalue()


def with_results(
    address: str, results: dict[str, tuple[str, bytes]], *, is_replaced: Callable[[Member], bool]
) -> Iterator[tuple[str, bytes]]:
    """The samples of a tar file with results in place of their pictures; others are left out.

    Args:
        address: The tar file that the pictures are from.
        results: Name of a picture's member to name and bytes of what takes its place.
        is_replaced: Whether a member is such a picture.
    """
    members = members_of(address)
    kept = {each.key for each in members if each.name in results}
    for each in members:
        if each.name in results:
            yield results[each.name]
        elif each.key in kept and not is_replaced(each):
            yield each.name, places.read_part(address, each.offset, each.size_bytes)


def pictures_in(members: Collection[Member], suffixes: Collection[str]) -> list[Member]:
    """Those whose names end in one of these."""
    return [each for each in members if each.suffix in suffixes]
