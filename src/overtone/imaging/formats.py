"""The picture formats that are opened, and the endings of their files.

Pillow knows more. It hands EPS and WMF to other programs, and some formats are containers of data
and no pictures: none of these is opened, whatever the name of a file says.
"""

# Pillow's name of a format -> endings that a folder is searched for.
SUFFIXES_OF = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),  # some cameras write several into one file
    "WEBP": (".webp",),
    "AVIF": (".avif",),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp",),
    "DIB": (".dib",),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "JPEG2000": (".jp2", ".j2k", ".jpx"),
    "TGA": (".tga",),
    "ICO": (".ico",),
    "PCX": (".pcx",),
    "SGI": (".sgi", ".rgb", ".bw"),
    "DDS": (".dds",),
    "QOI": (".qoi",),
    "PSD": (".psd",),
    "SUN": (".ras",),
    "XBM": (".xbm",),
}
# Our own format is a picture for Pillow, but a folder of pictures is not searched for it.
OPENED_FORMATS = (*SUFFIXES_OF, "OVT")
PICTURE_SUFFIXES = frozenset(suffix for each in SUFFIXES_OF.values() for suffix in each)


def endings_like(suffix: str) -> frozenset[str]:
    """The endings that files of the same format have: of .jpg also .jpeg."""
    alike = (each for each in SUFFIXES_OF.values() if suffix in each)
    return frozenset(next(alike, (suffix,)))
