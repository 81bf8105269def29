"""The studio as an application of ASGI: what the page asks for, and the page itself."""

import contextlib
import dataclasses
import functools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from importlib import resources
from typing import Any, final

import anyio
from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from overtone import __version__
from overtone.errors import ConfigError
from overtone.studio.failures import NotHeldError, TooLargeError, line_about, status_of
from overtone.studio.guard import Guard
from overtone.studio.jobs import JobQueue
from overtone.studio.pictures import png, read_upload, shown_name, view_of
from overtone.studio.shelf import HeldFile, HeldPicture, Shelf
from overtone.studio.tasks import parse_request

MAX_HELD, MAX_HELD_BYTES = 400, 1 << 30
MAX_JSON_BYTES = 1 << 16
_MAX_DECODES = 2  # views decoded at the same time
_MAX_UPLOADS = 4  # files read into memory at the same time
_WAIT_S, _LOOK_EVERY_S = 10.0, 0.03  # how long an answer about a job waits for news
_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
Handler = Callable[[Request], Awaitable[Response]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StudioSettings:
    """What the studio takes and where it listens.

    Attributes:
        host: Address or name that it listens on.
        max_upload_bytes: Largest file that is taken.
        max_pixels: Largest number of pixels of a picture that is taken.
    """

    host: str = "127.0.0.1"
    max_upload_bytes: int = 64_000_000
    max_pixels: int = 24_000_000

    def __post_init__(self) -> None:
        if self.max_upload_bytes < 1 or self.max_pixels < 1:
            raise ConfigError(
                f"max_upload_bytes and max_pixels must be at least 1, got "
                f"{self.max_upload_bytes} and {self.max_pixels}"
            )


def create_app(settings: StudioSettings) -> Starlette:
    """The application; its queue of work runs as long as it does."""
    studio = _Studio(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        studio.jobs.start()
        try:
            yield
        finally:
            await to_thread.run_sync(studio.jobs.close)

    async def about_http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return JSONResponse({"error": error.detail}, error.status_code)

    return Starlette(
        routes=studio.routes(),
        middleware=[Middleware(Guard, bound_to=settings.host)],
        exception_handlers={HTTPException: about_http},
        lifespan=lifespan,
    )


def page_files() -> dict[str, tuple[str, bytes]]:
    """The files of the page, read once: name to media type and bytes."""
    files = {}
    for entry in resources.files("overtone.studio").joinpath("static").iterdir():
        media_type = _MEDIA_TYPES.get(entry.name.rpartition(".")[2])
        if media_type is not None:
            files[entry.name] = (media_type, entry.read_bytes())
    return files


def _answered(handler: Handler) -> Handler:
    """Any failure of a handler as JSON of one line, and never a traceback."""

    @functools.wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except HTTPException:
            raise
        except ClientDisconnect:
            return Response(status_code=400)  # which nobody reads
        except Exception as error:
            return JSONResponse({"error": line_about(error)}, status_of(error))

    return answer


@final
class _Studio:
    """What is held and done, and the answers to requests."""

    def __init__(self, settings: StudioSettings) -> None:
        self.settings = settings
        self.shelf = Shelf(max_items=MAX_HELD, max_bytes=MAX_HELD_BYTES)
        self.jobs = JobQueue(self.shelf)
        self.files = page_files()
        self.decodes = anyio.CapacityLimiter(_MAX_DECODES)
        self.uploads = anyio.CapacityLimiter(_MAX_UPLOADS)
        self.uploading: dict[object, str] = {}  # the page of each upload that has not ended

    def routes(self) -> list[Route]:
        """Every address, with what answers it."""
        get, post = ["GET"], ["POST"]
        table: list[tuple[str, Handler, list[str]]] = [
            ("/", self.page, get),
            ("/static/{name}", self.page, get),
            ("/api/about", self.about, get),
            ("/api/pictures", self.upload, post),
            ("/api/pictures/{key}", self.picture, get),
            ("/api/files/{key}", self.file, get),
            ("/api/files/{key}/view", self.view, get),
            ("/api/jobs", self.new_job, post),
            ("/api/jobs/{key}", self.job, get),
            ("/api/jobs/{key}/stop", self.stop, post),
            ("/api/close", self.close, post),
        ]
        return [Route(path, _answered(answer), methods=methods) for path, answer, methods in table]

    async def page(self, request: Request) -> Response:
        """A file of the page, by its name alone."""
        name = request.path_params.get("name", "index.html")
        if name not in self.files:
            raise NotHeldError("there is no such page")
        media_type, data = self.files[name]
        return Response(data, media_type=media_type)

    async def about(self, request: Request) -> Response:
        """The version and the limits."""
        limits = {"max_bytes": self.settings.max_upload_bytes}
        limits["max_pixels"] = self.settings.max_pixels
        return JSONResponse({"version": __version__, **limits})

    async def upload(self, request: Request) -> Response:
        """Holds the picture whose file is the body; the query has its name and the page's key."""
        name, session = shown_name(request.query_params.get("name", "")), _session(request)
        upload = object()
        self.uploading[upload] = session
        try:
            async with self.uploads:
                data = await _body(request, self.settings.max_upload_bytes)
                pixels = await to_thread.run_sync(
                    read_upload, data, self.settings.max_pixels, limiter=self.decodes
                )
            if upload not in self.uploading:
                raise NotHeldError("the page was closed before this picture had come")
            key = self.shelf.put(session, HeldPicture(name, pixels))
        finally:
            self.uploading.pop(upload, None)
        height, width, channels = pixels.shape
        facts = {"key": key, "name": name, "width": width, "height": height}
        return JSONResponse({**facts, "channels": channels, "size_bytes": len(data)}, 201)

    async def picture(self, request: Request) -> Response:
        """The pixels of a picture as PNG."""
        held = self.shelf.get(request.path_params["key"], HeldPicture)
        return _file(await to_thread.run_sync(png, held.pixels, limiter=self.decodes))

    async def file(self, request: Request) -> Response:
        """A file that a job has made."""
        return _file(self.shelf.get(request.path_params["key"], HeldFile))

    async def view(self, request: Request) -> Response:
        """A part of an `.ovt` file that a job has made, decoded at a size, as PNG."""
        held = self.shelf.get(request.path_params["key"], HeldFile)
        query = request.query_params
        return _file(
            await to_thread.run_sync(
                view_of,
                held.data,
                query.get("crop"),
                query.get("size"),
                self.settings.max_pixels,
                limiter=self.decodes,
            )
        )

    async def new_job(self, request: Request) -> Response:
        """Starts the work that the body describes: {"kind": ..., "request": {...}}."""
        described = _json(await _body(request, MAX_JSON_BYTES))
        kind, asked = described.get("kind"), described.get("request", {})
        if not isinstance(kind, str) or not isinstance(asked, dict):
            raise ConfigError('work is asked for as {"kind": "...", "request": {...}}')
        job = self.jobs.add(_session(request), kind, parse_request(kind, asked))
        return JSONResponse({"key": job.key}, 201)

    async def job(self, request: Request) -> Response:
        """How a job stands; waits for news where the page has seen this version already."""
        key, seen = request.path_params["key"], request.query_params.get("seen")
        job, end = self.jobs.get(key), time.monotonic() + _WAIT_S
        while str(job.version) == seen and not job.is_over and time.monotonic() < end:
            await anyio.sleep(_LOOK_EVERY_S)
        return JSONResponse(self.jobs.get(key).to_json())

    async def stop(self, request: Request) -> Response:
        """Stops a job."""
        await to_thread.run_sync(self.jobs.stop, request.path_params["key"])
        return JSONResponse({})

    async def close(self, request: Request) -> Response:
        """Stops and lets go of everything of a page, which is being closed."""
        session = _session(request)
        await to_thread.run_sync(self.jobs.forget, session)
        self.shelf.forget(session)
        self.uploading = {each: page for each, page in self.uploading.items() if page != session}
        return JSONResponse({})


def _session(request: Request) -> str:
    session = request.query_params.get("session", "")
    if not 8 <= len(session) <= 64:
        raise ConfigError("a session of 8 to 64 characters is needed; load the page again")
    return session


async def _body(request: Request, max_bytes: int) -> bytes:
    """The body of a request, in memory only.

    Raises:
        TooLargeError: It is longer than that; what comes after is not read.
    """
    too_large = TooLargeError(
        f"the file has more than {max_bytes} bytes, the most that is taken here; "
        "make it smaller, or start the studio with --max-upload"
    )
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise too_large
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > max_bytes:
            raise too_large
    return bytes(data)


def _json(data: bytes) -> Mapping[str, Any]:
    try:
        described = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigError("what was sent is no JSON") from error
    if not isinstance(described, dict):
        raise ConfigError("what was sent is no JSON object")
    return described


def _file(held: HeldFile) -> Response:
    return Response(held.data, media_type=held.media_type)
