"""Workers of a Ray cluster: started on this machine, or those of a cluster that is running."""

import contextlib
import dataclasses
import importlib
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, TypeVar

from overtone.errors import ConfigError, OvertoneError

TRIES = 3  # of one task whose worker dies; the task is given up after them
AHEAD = 2  # tasks that are handed out for each worker, so that none waits for the next one
LOCAL = "local"
_KNOWN = ("builtins", "overtone")  # where errors are from that every program here can unpack
_STORE_BYTES = 256 * 2**20  # shared memory of a cluster on this machine
# Read by Ray when it is imported. What a cluster of this program alone does is reported to nobody.
_ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}

Item = TypeVar("Item")
Result = TypeVar("Result")


class ClusterError(OvertoneError, RuntimeError):
    """There is no cluster, it refuses this program, or it is lost."""


class WorkerDiedError(OvertoneError, RuntimeError):
    """A task was given up, since every worker that had it died."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that this program is connected to.

    Attributes:
        is_local: Whether it was started by this program and ends with it.
        num_workers: Tasks that run at a time.
        threads: Threads of each task.
        is_full: Whether no more tasks than these can run there at a time.
    """

    is_local: bool
    num_workers: int
    threads: int
    is_full: bool

    def finished(
        self,
        work: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        on_retry: Callable[[Item], None] | None = None,
    ) -> Generator[tuple[Item, Result | Exception], None, None]:
        """Each item with what `work` makes of it, or what it raised, as they get done.

        No more than `AHEAD` items for each worker are handed out at a time; only as many as there
        are workers where a cluster has room for more, which would begin them all. An item whose
        worker dies is given to another one, `TRIES` times in all; then its result is
        `WorkerDiedError`.

        Args:
            work: Called in the workers.
            items: Taken one by one as workers get free.
            on_retry: Called with an item that is handed out once more.
        """
        ray = _ray()
        shared = ray.put(work)
        # Ray itself would repeat without telling.
        call = ray.remote(_call).options(num_cpus=self.threads, max_retries=0)
        most = AHEAD * self.num_workers if self.is_full else self.num_workers
        waiting: dict[Any, tuple[Item, int]] = {}
        left = iter(items)
        while True:
            with contextlib.suppress(StopIteration):
                while len(waiting) < most:
                    item = next(left)
                    waiting[call.remote(shared, item)] = item, 1
            if not waiting:
                return
            (ready, *_), _ = ray.wait(list(waiting), num_returns=1)
            item, num_tries = waiting.pop(ready)
            result = _result_of(ready)
            if isinstance(result, WorkerDiedError) and num_tries < TRIES:
                if on_retry is not None:
                    on_retry(item)
                waiting[call.remote(shared, item)] = item, num_tries + 1
                continue
            yield item, result


@contextlib.contextmanager
def connected(address: str, *, workers: int | None = None, threads: int = 1) -> Iterator[Cluster]:
    """Around work on a cluster; a program that is connected to one already works on that.

    Args:
        address: "local" starts one on this machine, for as long as the work takes; "ray" or "auto"
            is the running one that Ray finds; ray://host:port and host:port are one by its
            address.
        workers: Most tasks at a time; as many as there are processors for by default.
        threads: Threads of each task, which takes as many processors.

    Raises:
        ConfigError: There is no such kind of address.
        ClusterError: Nothing answers there, or it refuses this program.
    """
    is_local = address == LOCAL
    if not (is_local or address in ("ray", "auto") or ":" in address):
        raise ConfigError(f"a cluster is local, ray, ray://HOST:PORT or HOST:PORT, got {address!r}")
    ray = _ray(is_local=is_local)
    is_own = not ray.is_initialized()
    try:
        if is_own:
            _start(ray, address, (workers or max(1, _num_processors() // threads)) * threads)
        processors = [int(each["Resources"].get("CPU", 0)) for each in ray.nodes() if each["Alive"]]
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ClusterError(f"no Ray cluster at {address}: {reason[:300]}") from error
    try:
        most = sum(each // threads for each in processors)
        if not most:
            raise ClusterError(
                f"no machine of the cluster at {address} has {threads} processors; "
                f"the largest has {max(processors, default=0)}, give fewer --threads"
            )
        num_workers = min(workers or most, most)
        yield Cluster(is_local, num_workers, threads, is_full=num_workers == most)
    finally:
        if is_own:
            ray.shutdown()


def _start(ray: Any, address: str, num_processors: int) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == LOCAL:
        options |= {
            "num_cpus": num_processors,
            "num_gpus": 0,
            "include_dashboard": False,
            "object_store_memory": _STORE_BYTES,
        }
    before = signal.getsignal(signal.SIGTERM)
    where = "auto" if address == "ray" else address
    try:
        ray.init(address=where, **options)
    except Exception:
        if address != LOCAL:
            raise
        ray.shutdown()  # on a busy machine its own processes do not always find each other at once
        ray.init(address=where, **options)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)  # Ray has put its own there


def _ray(*, is_local: bool = False) -> Any:
    """Ray itself, which is an extra; imported here alone."""
    for name, value in _ENVIRONMENT.items() if is_local else ():
        os.environ.setdefault(name, value)
    return importlib.import_module("ray")


def _call(work: Callable[[Item], Result], item: Item) -> Result | Exception:
    """In a worker: the result, or what was raised, which is no failure of the worker."""
    try:
        return work(item)
    except Exception as error:
        return _as_sent(error)


def _as_sent(error: Exception) -> Exception:
    """The error as it can be sent; one of a library that this machine may lack is only told."""
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, (OvertoneError, OSError, MemoryError, ModuleNotFoundError)):
        is_known = type(error).__module__.partition(".")[0] in _KNOWN
        return error if is_known else OSError(said)
    return RuntimeError(said)


def _result_of(reference: Any) -> Any:
    """What a task returned, or why there is none.

    Raises:
        ClusterError: The cluster is lost, or its workers cannot run this package.
    """
    ray = _ray()
    try:
        return ray.get(reference)
    except (
        ray.exceptions.LocalRayletDiedError,
        ray.exceptions.NodeDiedError,
        ray.exceptions.ObjectLostError,  # also of a result, with the machine that had it
        ray.exceptions.OutOfMemoryError,
        ray.exceptions.WorkerCrashedError,
    ):
        return WorkerDiedError(f"{TRIES} workers died of it, one after the other; it is given up")
    except ray.exceptions.RayError as error:
        reason = " ".join(str(error).split())
        raise ClusterError(
            f"the cluster cannot work on this: {reason[-300:]}; its machines need the same "
            "versions of Python, Ray and this package"
        ) from error


def _num_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
