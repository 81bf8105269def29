"""Several processes that train one model together, as torchrun or accelerate launch start them."""

import contextlib
import dataclasses
import datetime
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, distributed
from torch.distributed.rendezvous import rendezvous

from overtone.errors import ConfigError, DataError, TrainError
from overtone.models.share import WHOLE, Share
from overtone.training.peers import is_first_to_fail, linger, listening, wait_for

# How long the others are waited for at the start, and later, where the first one may be drawing
# samples meanwhile. One that has ended is noticed at once.
START_S, WAIT_S = 120.0, 3600.0


@dataclasses.dataclass(frozen=True)
class Processes:
    """The processes that train together; one alone by default, which exchanges nothing.

    Attributes:
        number: Number of this process; the first one, 0, writes the run.
        count: How many there are.
        store: Where they find each other, or None.
        control: Group for tensors of the processor; None for the group of all tensors.
    """

    number: int = 0
    count: int = 1
    store: Any = None
    control: Any = None
    _flat: dict[int, Tensor] = dataclasses.field(default_factory=dict)

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes."""
        return self.number == 0

    def share_of(self, num_images: int) -> Share:
        """This process's part of a batch of so many images."""
        if self.count == 1:
            return WHOLE
        return Share(self.number, self.count, num_images, self.total)

    def total(self, values: Tensor) -> Tensor:
        """The sum of a tensor over the processes; its own for one alone."""
        if self.count == 1:
            return values
        found = values.detach().clone(memory_format=torch.contiguous_format)
        self._add(found)
        return found

    def totals(self, *numbers: float) -> list[float]:
        """The sums of numbers over the processes."""
        if self.count == 1:
            return [*numbers]
        return self.total(torch.tensor(numbers, dtype=torch.float64)).tolist()

    def any(self, flag: bool) -> bool:
        """Whether it is so on any of the processes; waits for all."""
        return self.totals(float(flag))[0] > 0

    def of_first(self, number: int) -> int:
        """The first process's number."""
        return int(self.totals(float(number if self.is_first else 0))[0])

    def by_first(self, work: Callable[[], float]) -> float:
        """The number that the first process finds; the others wait for as long as it takes."""
        if self.count == 1:
            return work()
        key = f"overtone/done/{self.of_first(secrets.randbits(48))}"
        found = 0.0
        if self.is_first:
            try:
                found = work()
            finally:
                with contextlib.suppress(RuntimeError):  # the exchange below tells what is wrong
                    self.store.set(key, "")
        else:
            wait_for(self.store, key)
        return self.totals(found)[0]

    def copy_first(self, tensors: Iterable[Tensor]) -> None:
        """Sets the tensors to the first process's, which another kind of machine may round."""
        if self.count == 1:
            return
        for tensor in filter(Tensor.numel, tensors):
            whole = tensor.detach().contiguous()
            values = whole.view(-1).view(torch.uint8)
            with listening():
                distributed.broadcast(values, 0, group=self._group_of(values))
            tensor.detach().copy_(whole)

    def average(
        self, parameters: Sequence[Tensor], losses: Mapping[str, Tensor], share: Share
    ) -> dict[str, Tensor]:
        """Turns own gradients and losses into those of the whole batch.

        They travel as one array, which takes one exchange a step.

        Args:
            parameters: What has the gradients, which are replaced.
            losses: Own losses, scalars.
            share: Own part of the batch.

        Returns:
            The losses of the whole batch, detached.
        """
        found = {name: value.detach() for name, value in losses.items()}
        if self.count == 1:
            return found
        travelling = [each.grad for each in parameters if each.grad is not None]
        travelling.append(torch.stack([each.float() for each in found.values()]))
        size = sum(each.numel() for each in travelling)
        if size not in self._flat:
            self._flat[size] = torch.empty(size, device=travelling[-1].device)
        flat = self._flat[size]
        parts = [
            part.view(own.shape)
            for part, own in zip(
                flat.split([t.numel() for t in travelling]), travelling, strict=True
            )
        ]
        torch._foreach_copy_(parts, travelling)  # pyright: ignore
        flat.mul_(share.weight)
        self._add(flat)
        torch._foreach_copy_(travelling, parts)  # pyright: ignore
        return dict(zip(found, travelling[-1].unbind(), strict=True))

    def check_same(self, *texts: str) -> None:
        """Waits for all, and compares what they were given.

        Raises:
            DataError: Another process has other settings or data than the first.
        """
        if self.count == 1:
            return
        digest = hashlib.sha256(repr(texts).encode()).digest()
        own = torch.zeros(self.count, dtype=torch.int64)
        own[self.number] = int.from_bytes(digest[:7])
        found = self.total(own).tolist()
        for number, other in enumerate(found):
            if other != found[0]:
                raise DataError(
                    f"process {number} has other settings or data than process 0; start all with "
                    "the same command, and give all the same files"
                )

    def check_batch(self, batch_size: int) -> None:
        """Raises `ConfigError` unless each process gets an image of a batch."""
        if batch_size < self.count:
            raise ConfigError(
                f"train.batch_size is the number of images of all processes together, and must be "
                f"at least their number, {self.count}, got {batch_size}"
            )

    def may_speak(self) -> bool:
        """Whether this is the first process that has an error to tell; the others keep silent."""
        return self.count == 1 or is_first_to_fail(self.store)

    def _add(self, values: Tensor) -> None:
        with listening():
            distributed.all_reduce(values, group=self._group_of(values))

    def _group_of(self, values: Tensor) -> Any:
        return self.control if values.device.type == "cpu" else None


ALONE = Processes()


@contextlib.contextmanager
def joined(device: torch.device) -> Iterator[tuple[Processes, torch.device]]:
    """Yields the processes that the environment names, and the device that is this one's.

    A group of `torch.distributed` that the caller has made is used as it is.

    Raises:
        ConfigError: The environment contradicts itself, or names more processes than cards.
        TrainError: The other processes do not come.
    """
    if distributed.is_available() and distributed.is_initialized():
        yield _of_group(), _own_card(device, distributed.get_rank())
        return
    count = _number("WORLD_SIZE", "1")
    if count == 1:
        yield ALONE, device
        return
    number = _checked_number(count)
    where = _own_card(device, number)
    _start_group(where, number, count)
    processes = ALONE
    try:
        processes = _of_group()
        yield processes, where
    except BaseException:
        if where.type == "cpu":  # a card's group could wait here for those that do not come
            distributed.destroy_process_group()
            if processes.count > 1 and processes.is_first:  # which may keep the store
                linger(processes.store, processes.count)
        raise
    distributed.destroy_process_group()


def environment_number() -> int:
    """The number of this process among those that a launcher has started; 0 alone."""
    return _number("RANK", "0") if _number("WORLD_SIZE", "1") > 1 else 0


def _of_group() -> Processes:
    count = distributed.get_world_size()
    if count == 1:
        return ALONE
    is_of_cards = distributed.get_backend() != "gloo"
    control = (
        distributed.new_group(backend="gloo", timeout=_seconds(WAIT_S)) if is_of_cards else None
    )
    store = distributed.distributed_c10d._get_default_store()
    return Processes(distributed.get_rank(), count, store, control)


def _start_group(device: torch.device, number: int, count: int) -> None:
    address = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    try:
        waited = rendezvous("env://", number, count, timeout=_seconds(START_S))
        store, number, count = next(iter(waited))
        distributed.init_process_group(
            "nccl" if device.type == "cuda" else "gloo",
            store=store,
            rank=number,
            world_size=count,
            timeout=_seconds(WAIT_S),
        )
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise TrainError(
            f"process {number} of {count} does not find the others at {address}: {reason}; "
            "start all of them, with the same MASTER_ADDR and MASTER_PORT"
        ) from error


def _checked_number(count: int) -> int:
    """This process's number; raises `ConfigError` where the environment is not complete."""
    missing = [n for n in ("RANK", "MASTER_ADDR", "MASTER_PORT") if not os.environ.get(n)]
    if missing:
        raise ConfigError(
            f"WORLD_SIZE is {count}, but {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not set; start with torchrun "
            f"--nproc-per-node {count} -m overtone train, or unset WORLD_SIZE"
        )
    number = _number("RANK", "0")
    if number >= count:
        raise ConfigError(f"RANK must be below WORLD_SIZE, got {number} and {count}")
    _number("MASTER_PORT", "0")
    return number


def _number(name: str, otherwise: str) -> int:
    text = os.environ.get(name) or otherwise
    if not text.isdecimal() or (name == "WORLD_SIZE" and int(text) < 1):
        raise ConfigError(
            f"the environment's {name} must be a number of processes or of one, got {text}; "
            "torchrun sets it, or unset it"
        )
    return int(text)


def _own_card(device: torch.device, number: int) -> torch.device:
    """The card of this process, where cards are asked for."""
    if device.type != "cuda":
        return device
    local, cards = _number("LOCAL_RANK", str(number)), torch.cuda.device_count()
    if local >= cards:
        raise ConfigError(
            f"each process needs a card of its own: this is number {local} on its machine, which "
            f"has {cards}; start {cards} of them, or give device cpu"
        )
    torch.cuda.set_device(local)
    return torch.device("cuda", local)


def _seconds(number: float) -> datetime.timedelta:
    return datetime.timedelta(seconds=number)
