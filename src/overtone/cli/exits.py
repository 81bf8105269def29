"""Exit codes, and how an error becomes one line on standard error in the command line's words."""

import re
import sys

EXIT_DONE, EXIT_ERROR, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130

# Arguments of Python to the options that stand for them, where a message names them.
OPTIONS = {
    "class_name": "--class",
    "edge_octaves": "--edge",
    "feature_weights": "--feature-weights",
    "keep_bands": "--keep-bands",
    "luma_only": "--luma",
    "max_bytes": "--max-bytes",
    "max_pixels": "--max-pixels",
    "max_seconds": "--max-seconds",
    "notch_threshold_db": "--notch-threshold",
    "num_results": "--num-results",
    "num_threads": "--threads",
    "psnr_db": "--psnr",
    "size_bytes": "--bytes",
}
# The same for words that are also plain English: only where a message asks for the argument.
PLAIN_OPTIONS = (
    *("bits", "bpp", "channels", "crop", "curve", "cutoff", "data", "device", "effort", "factor"),
    *("model", "preset", "prior", "quality", "scale", "seed", "size", "solve", "target"),
    "temperature",
)
_ARGUMENT = re.compile(rf"(?<![\w.`/-])({'|'.join(OPTIONS)})\b(?!\.)")
_PLAIN = "|".join(PLAIN_OPTIONS)
_SUBJECT = re.compile(rf"^({_PLAIN})(?= must )")
_SWITCH = re.compile(r"\b(resume)=True\b")
_REQUEST = re.compile(r"(?:^|(?<=; ))(?:give|leave out)\b[^;]*")
_REQUESTED = re.compile(rf"(?<![\w.`/-])(?<!\ba )(?<!\bthe )(?<!\banother )({_PLAIN})\b(?!\.)")


def describe(error: BaseException) -> str:
    """The message of an error a user can cause, without error numbers or line breaks."""
    if isinstance(error, MemoryError):
        return "not enough memory for this picture"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename}"
    return in_options(" ".join(str(error).split()))


def in_options(message: str) -> str:
    """A message of the Python functions with their arguments called as on the command line."""
    message = _ARGUMENT.sub(lambda found: OPTIONS[found[1]], message)
    message = _SWITCH.sub(r"--\1", message)
    message = _SUBJECT.sub(r"--\1", message)
    return _REQUEST.sub(lambda found: _REQUESTED.sub(r"--\1", found[0]), message)


def print_error(message: str) -> None:
    """`error: message` on standard error."""
    print(f"error: {message}", file=sys.stderr)
