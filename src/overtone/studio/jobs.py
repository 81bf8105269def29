"""The queue of work that takes long: one job at a time, which can be watched and stopped."""

import collections
import contextlib
import dataclasses
import secrets
import threading
import time
from typing import Any, Literal, final

from overtone.studio.failures import BusyError, NotHeldError, line_about
from overtone.studio.shelf import HeldPicture, Shelf
from overtone.studio.tasks import PICTURE_FIELDS, Part, Pictures
from overtone.studio.worker import Said, Worker, WorkerLostError

State = Literal["waiting", "running", "done", "failed", "stopped"]
MAX_WAITING = 32
_MAX_REMEMBERED = 200  # jobs that are over
# A page that has not asked for so long, seconds, is gone without a word.
FORGOTTEN_AFTER_S = 60.0


@dataclasses.dataclass(eq=False)
class Job:
    """Work on a request.

    Attributes:
        key: What the page asks for it by.
        session: The page that it is for.
        kind: Kind of work.
        request: What is asked; it names its pictures by their keys on the shelf.
        state: How it stands.
        fraction: Share of the work done, 0..1.
        message: What is being done.
        parts: What has been answered so far, for JSON; "files" are keys of the shelf.
        error: What went wrong, in one line.
        version: Grows with every change.
        asked_s: When the page asked last, by the monotonic clock.
    """

    key: str
    session: str
    kind: str
    request: Any
    state: State = "waiting"
    fraction: float = 0.0
    message: str = ""
    parts: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    error: str | None = None
    version: int = 0
    asked_s: float = dataclasses.field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "failed", "stopped")

    def to_json(self) -> dict[str, Any]:
        """How it stands, for the page."""
        names = ("kind", "state", "fraction", "message", "error", "version")
        return {name: getattr(self, name) for name in names} | {"parts": list(self.parts)}


@final
class JobQueue:
    """Jobs in the order they came, done one at a time in a process of their own."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._worker = Worker()
        self._waiting: collections.deque[Job] = collections.deque()
        self._known: collections.OrderedDict[str, Job] = collections.OrderedDict()
        self._current: Job | None = None
        self._is_closed = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="overtone-studio", daemon=True)

    def start(self) -> None:
        """Starts to work."""
        self._thread.start()

    def close(self) -> None:
        """Stops what is running and ends the process."""
        with self._change:
            self._is_closed = True
            for job in [*self._waiting, *([self._current] if self._current else [])]:
                self._stop(job)
            self._worker.stop()
            self._change.notify_all()
        self._thread.join(timeout=10)

    def add(self, session: str, kind: str, request: Any) -> Job:
        """A new job, which waits for its turn.

        Raises:
            BusyError: Too many wait already.
            NotHeldError: A picture that it names is not there.
        """
        self._pictures_of(request)
        job = Job(secrets.token_urlsafe(12), session, kind, request)
        with self._change:
            self._stop_forgotten()
            if len(self._waiting) >= MAX_WAITING:
                raise BusyError(f"{MAX_WAITING} jobs are waiting already; stop some of them first")
            self._waiting.append(job)
            self._known[job.key] = job
            while len(self._known) > _MAX_REMEMBERED and next(iter(self._known.values())).is_over:
                self._known.popitem(last=False)
            self._change.notify_all()
        return job

    def get(self, key: str) -> Job:
        """The job of a key.

        Raises:
            NotHeldError: There is none, or it was long ago.
        """
        with self._change:
            if key not in self._known:
                raise NotHeldError("this work is not known here, or was long ago; start it again")
            job = self._known[key]
            job.asked_s = time.monotonic()
            return job

    def stop(self, key: str) -> None:
        """Stops a job, whether it waits or is being done.

        Raises:
            NotHeldError: There is none.
        """
        job = self.get(key)
        with self._change:
            self._stop(job)

    def forget(self, session: str) -> None:
        """Stops and forgets all jobs of a page."""
        with self._change:
            for key, job in list(self._known.items()):
                if job.session == session:
                    self._stop(job)
                    del self._known[key]

    def _stop(self, job: Job) -> None:
        if job.is_over:
            return
        self._end(job, "stopped")
        if job is self._current:
            self._worker.stop()
        else:
            self._waiting.remove(job)

    def _stop_forgotten(self) -> None:
        now = time.monotonic()
        for job in [*self._waiting, *([self._current] if self._current else [])]:
            if now - job.asked_s > FORGOTTEN_AFTER_S:
                self._stop(job)

    def _end(self, job: Job, state: State, error: str | None = None) -> None:
        job.state, job.error = state, error
        job.version += 1
        self._change.notify_all()

    def _work(self) -> None:
        """The thread: hands one job after the other to the process."""
        while (job := self._next()) is not None:
            try:
                for said in self._worker.run(job.kind, job.request, self._pictures_of(job.request)):
                    self._note(job, said)
            except (NotHeldError, WorkerLostError) as error:
                self._note(job, ("failed", line_about(error)))
            except Exception as error:  # of the pipe, such as pixels that memory has no room for
                self._worker.stop()
                self._note(job, ("failed", line_about(error)))
            with self._change:
                self._current = None

    def _next(self) -> Job | None:
        """Waits for a job, which is then the current one; None when the queue is closed."""
        with self._change:
            if not self._is_closed:
                with contextlib.suppress(WorkerLostError):  # told to the job that needs it
                    self._worker.start()  # before it is needed, as that takes a moment
            while True:
                while not (self._waiting or self._is_closed):
                    self._change.wait()
                if self._is_closed:
                    return None
                job = self._waiting.popleft()
                try:
                    self._worker.start()  # again, if it has been lost while nothing was to be done
                except WorkerLostError as error:
                    self._end(job, "failed", line_about(error))
                    continue
                self._current = job
                job.state, job.version = "running", job.version + 1
                self._change.notify_all()
                return job

    def _pictures_of(self, request: Any) -> Pictures:
        """Pixels of the pictures that a request names, which only the current job holds."""
        keys = {field: getattr(request, field, None) for field in PICTURE_FIELDS}
        return {
            field: self._shelf.get(key, HeldPicture).pixels
            for field, key in keys.items()
            if key is not None
        }

    def _note(self, job: Job, said: Said) -> None:
        with self._change:
            if not job.is_over:
                self._stop_forgotten()
            if job.is_over or said[0] == "nothing":  # stopped meanwhile
                return
            match said:
                case ("progress", (fraction, message)):
                    job.fraction, job.message = fraction, message
                case ("part", part):
                    job.parts.append(self._held(job, part))
                case ("done", _):
                    job.fraction = 1.0
                    self._end(job, "done")
                case ("failed", error):
                    self._end(job, "failed", error)
            job.version += 1
            self._change.notify_all()

    def _held(self, job: Job, part: Part) -> dict[str, Any]:
        """A part for JSON; its files go to the shelf."""
        keys = {name: self._shelf.put(job.session, file) for name, file in part.files.items()}
        return part.facts | {"files": keys}
