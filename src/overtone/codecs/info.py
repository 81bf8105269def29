"""What is in a file: header, metadata, sizes of its sections, settings of its codec."""

import dataclasses

from overtone.bitstream.container import DEFAULT_MAX_PIXELS, FORMAT_VERSION, Container, Metadata
from overtone.codecs.inputs import FileSource, file_bytes
from overtone.codecs.registry import codec_of


def info(data: FileSource) -> dict[str, object]:
    """What an `.ovt` file holds, ready for JSON: header, metadata, sections, settings.

    "sections" maps names to sizes in bytes; "container" among them is the header, lengths and
    checksums, and "metadata" what ICC, EXIF and resolution take.

    Args:
        data: The whole file, as bytes, by its path or open in binary mode.

    Raises:
        BitstreamError: The file is foreign or damaged.
        OSError: It cannot be read.
    """
    file = file_bytes(data)
    container = Container.from_bytes(file, max_pixels=DEFAULT_MAX_PIXELS)
    codec = codec_of(container.codec_id)
    described = codec.describe(container)
    sizes = described.pop("sections")
    assert isinstance(sizes, dict)
    bare = dataclasses.replace(container, metadata=Metadata()).to_bytes()
    metadata = container.metadata
    sections = {
        "container": len(bare) - sum(map(len, container.sections)),
        "metadata": len(file) - len(bare),
        **sizes,
    }
    return {
        "format_version": FORMAT_VERSION,
        "codec": codec.name,
        "width": container.width,
        "height": container.height,
        "layout": container.layout.name.lower(),
        "size_bytes": len(file),
        "rate_bpp": 8 * len(file) / (container.width * container.height),
        "metadata": {
            "icc_bytes": len(metadata.icc),
            "exif_bytes": len(metadata.exif),
            "dpi": metadata.dpi,
        },
        "sections": sections,
        **described,
    }
