"""The studio as a program: a socket, the server on it, and the browser."""

import contextlib
import socket
import threading
import webbrowser
from collections.abc import Callable

import uvicorn

from overtone.errors import ConfigError
from overtone.studio.app import StudioSettings, create_app
from overtone.studio.guard import is_loopback


def serve(
    settings: StudioSettings, port: int, *, announce: Callable[[str], None], open_browser: bool
) -> None:
    """Serves the page until it is interrupted.

    Args:
        settings: What is taken, and the address.
        port: Port to listen on; 0 is any that is free.
        announce: Called with lines for the user once the page can be opened.
        open_browser: Open it in the browser of the user, too.

    Raises:
        ConfigError: The address or port cannot be listened on.
    """
    with contextlib.closing(_listen(settings.host, port)) as listener:
        config = uvicorn.Config(
            create_app(settings),
            log_level="critical",  # answers that an interrupt cuts short are no errors
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        url = f"http://{_shown_host(settings.host)}:{listener.getsockname()[1]}/"
        announce(f"Overtone Studio is at {url} until Ctrl-C")
        if not is_loopback(settings.host):
            announce("every machine that reaches this one can open it, without a password")
        if open_browser:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """A socket that already takes connections, so that the browser can be opened at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
        except OSError:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"cannot listen on {host} port {port}: {reason}; give another --port, or 0 for any "
            "that is free"
        ) from error
    return listener


def _shown_host(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"
    return f"[{host}]" if ":" in host else host
