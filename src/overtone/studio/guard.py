"""Who may ask: this page only, through the names that this machine was opened under.

A page of a stranger in the same browser can send requests to local addresses, and can give a name
of its own the address of this machine. The first is seen by `Origin`, the second by `Host`.
"""

import ipaddress
from typing import final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from overtone.studio.failures import ForbiddenError

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def is_loopback(host: str) -> bool:
    """Whether an address or name is that of this machine for itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_host(host: str, bound_to: str) -> None:
    """Refuses a `Host` by which no page of ours is opened.

    Args:
        host: The header, with or without a port.
        bound_to: Address or name that the studio listens on.

    Raises:
        ForbiddenError: It is another name. An address is fine where others may reach this machine:
            no stranger's page is at an address.
    """
    name = _name_in(host)
    if name in _LOOPBACK_NAMES or (name is not None and name == bound_to.lower()):
        return
    if name is not None and not is_loopback(bound_to) and _is_address(name):
        return
    raise ForbiddenError(
        "the studio is not open under this name; use the address that it showed at its start"
    )


def check_origin(method: str, origin: str | None, host: str) -> None:
    """Refuses a request that changes something unless a page of ours sends it.

    Raises:
        ForbiddenError: Another page, or no page at all, sends it.
    """
    if method not in _SAFE_METHODS and (origin is None or origin != f"http://{host}"):
        raise ForbiddenError("only the studio's own page may ask for this")


def _name_in(host: str) -> str | None:
    """The name or address without its port; None where the header is no such thing."""
    if set(host) & set("/\\@?#% \t"):
        return None
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@final
class Guard:
    """Around the application: checks where a request comes from, and adds headers to answers."""

    def __init__(self, app: ASGIApp, bound_to: str) -> None:
        self._app, self._bound_to = app, bound_to

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        try:
            check_host(host, self._bound_to)
            check_origin(scope["method"], headers.get("origin"), host)
        except ForbiddenError as error:
            refusal = JSONResponse({"error": str(error)}, error.status)
            await refusal(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)
