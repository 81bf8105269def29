"""`overtone studio`: a page in the browser to compare, edit and draw pictures."""

from typing import Annotated

from cyclopts import Parameter

from overtone.cli.arguments import ByteCount
from overtone.cli.exits import EXIT_DONE, note
from overtone.errors import ConfigError

DEFAULT_PORT = 8765
MAX_PORT = 65535


def studio(
    *,
    port: int = DEFAULT_PORT,
    host: str = "127.0.0.1",
    no_browser: Annotated[bool, Parameter(name="--no-browser")] = False,
    max_upload: ByteCount = 64_000_000,
    max_pixels: int = 24_000_000,
) -> int:
    """Open a page in the browser to compare codecs, edit frequencies and draw pictures.

    Example: overtone studio

    Args:
        port: Port to listen on; 0 is any that is free.
        host: Address to listen on. By default only this machine can open the page; with 0.0.0.0
            every machine that reaches this one can, without a password.
        no_browser: Do not open the browser; the address is shown either way.
        max_upload: Largest picture file that is taken, bytes.
        max_pixels: Largest number of pixels of a picture that is taken.
    """
    if not 0 <= port <= MAX_PORT:
        raise ConfigError(f"port must be in 0..{MAX_PORT}, got {port}")
    from overtone.studio.app import StudioSettings
    from overtone.studio.serve import serve

    if max_upload is None or max_upload < 1 or max_pixels < 1:
        raise ConfigError(f"limits must be at least 1, got {max_upload} and {max_pixels}")
    settings = StudioSettings(host=host, max_upload_bytes=max_upload, max_pixels=max_pixels)
    serve(settings, port, announce=note, open_browser=not no_browser)
    note("the studio is closed")
    return EXIT_DONE
