"""How large an array a data file may hold, since a few bytes can unpack to any number."""

import os

from overtone.errors import ConfigError, DataError

VARIABLE = "OVERTONE_MAX_DATA_BYTES"
DEFAULT_MAX_BYTES = 1 << 33  # 8 GiB: as much as 2.8 million pictures of 32x32 pixels in RGB


def check_num_bytes(num_bytes: int, where: str) -> None:
    """Refuses an array that is too large, before memory is taken for it.

    Args:
        num_bytes: Size of the array when unpacked, bytes.
        where: Beginning of the message.

    Raises:
        DataError: It is larger than the limit.
        ConfigError: The limit in the environment is no number.
    """
    limit = _limit()
    if num_bytes > limit:
        raise DataError(
            f"{where} holds, as it says, {num_bytes} bytes, and {limit} are the most that are "
            f"read; set {VARIABLE} in the environment to read more"
        )


def _limit() -> int:
    text = os.environ.get(VARIABLE, str(DEFAULT_MAX_BYTES))
    try:
        return int(text)
    except ValueError:
        raise ConfigError(
            f"{VARIABLE} must be a number of bytes such as {DEFAULT_MAX_BYTES}, got {text!r}"
        ) from None
