"""Packages that are installed on request, and what to say where one is missing."""

# Module -> the extra that installs it.
OPTIONAL_MODULES = (
    dict.fromkeys(("torch", "safetensors", "sklearn", "tensorboard", "torchmetrics"), "models")
    | {"jpeglib": "jpeg", "simplejpeg": "jpeg"}
    | {"starlette": "studio", "uvicorn": "studio"}
    | dict.fromkeys(("fsspec", "pyarrow", "ray", "webdataset"), "cluster")
)


def about_missing(error: ModuleNotFoundError, what: str) -> str | None:
    """What to install where a module is missing; None of a module that no extra brings.

    Args:
        error: What the import raised.
        what: What needs the module, such as "this command".
    """
    if error.name is None or error.name.partition(".")[0] not in OPTIONAL_MODULES:
        return None
    name = error.name.partition(".")[0]
    extra = OPTIONAL_MODULES[name]
    return f"{what} needs {name}; install it with: pip install 'overtone-image[{extra}]'"
