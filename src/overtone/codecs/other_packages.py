"""Codecs that other packages bring, by name and by their number in the header of files."""

from typing import Any

from overtone import plugins
from overtone.codecs.base import AbstractCodec, NativeCodec
from overtone.errors import ConfigError, UnsupportedCodecError

# Ids for codecs of other packages; no two that are installed together may share one.
PLUGIN_IDS = range(96, 128)


def codec_named(name: str, known: list[str]) -> AbstractCodec[Any]:
    """The codec of that name from another package.

    Args:
        name: Name that is none of Overtone's own.
        known: Overtone's own names, for the message.

    Raises:
        ConfigError: There is none, or its package is broken.
    """
    kind = plugins.load_named(plugins.CODECS, name, AbstractCodec, "codec", known)
    if issubclass(kind, NativeCodec) and kind.codec_id not in PLUGIN_IDS:
        wanted = f"a codec with an id in {PLUGIN_IDS.start}..{PLUGIN_IDS.stop - 1}"
        raise plugins.expected(plugins.CODECS, name, kind, wanted)
    return kind()


def codec_numbered(codec_id: int) -> NativeCodec:
    """The codec with that number, of `PLUGIN_IDS`.

    Raises:
        ConfigError: Two share it, or none has it and a package is broken.
        UnsupportedCodecError: None has it.
    """
    found: list[NativeCodec] = []
    broken = None
    for name in plugins.names_in(plugins.CODECS):
        try:
            codec = codec_named(name, [])
        except ConfigError as error:
            broken = error
            continue
        if isinstance(codec, NativeCodec) and codec.codec_id == codec_id:
            found.append(codec)
    if len(found) > 1:
        names = " and ".join(codec.name for codec in found)
        raise ConfigError(f"codecs {names} share the id {codec_id}; uninstall one of them")
    if found:
        return found[0]
    if broken is not None:
        raise broken
    raise UnsupportedCodecError(
        f"codec id {codec_id} is one of other packages, and none that is installed has it; "
        "install the one that wrote the file",
        5,
    )
