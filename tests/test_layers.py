"""Imports point one way, files stay small, and light commands stay light."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "overtone"
MAX_LINES = 300

# Low to high: a module may import its own row and the rows above it.
LAYERS = (
    ("errors", "config", "files", "shapes"),
    ("imaging", "transform", "bitstream", "kernels"),
    ("entropy",),
    ("codecs", "models", "metrics", "data"),
    ("pillow_plugin", "training", "tasks", "evaluate", "editing"),
    ("cli",),
)
TORCH_ALLOWED = (
    *("models", "training", "tasks", "metrics/distribution"),
    "editing/through_model.py",
)
# What must not be loaded to answer a command; the rest of the package needs NumPy at once.
HEAVY = (
    "torch",
    "accelerate",
    "safetensors",
    "sklearn",
    "jax",
    "matplotlib",
    "scipy",
    "jaxtyping",
    "beartype",
)

MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = sorted(
    path
    for folder, endings in (
        ("src", (".py", ".pyi")),
        ("csrc", (".h", ".cpp")),
        ("tests", (".py",)),
        ("experiments", (".py",)),
        ("examples", (".py",)),
        ("tools", (".py", ".sh")),
    )
    for path in (ROOT / folder).rglob("*")
    if path.suffix in endings
)


def layer_of(part):
    for number, names in enumerate(LAYERS):
        if part in names:
            return number
    raise AssertionError(f"{part} is in no layer; add it to LAYERS")


def is_for_checkers_only(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports_of(path):
    """Names of imported modules, at any depth of the file but under TYPE_CHECKING."""
    pending = [ast.parse(path.read_text("utf-8"))]
    while pending:
        node = pending.pop()
        if is_for_checkers_only(node):
            pending += node.orelse
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            yield node.module or ""
        else:
            pending += ast.iter_child_nodes(node)


def part_of(path):
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    part = part_of(path)
    if part == "__init__":
        return
    for name in imports_of(path):
        package, _, rest = name.partition(".")
        if package == "overtone" and rest:
            target = rest.split(".")[0]
            assert layer_of(target) <= layer_of(part), f"{part} may not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_models_import_torch(path):
    relative = path.relative_to(PACKAGE).as_posix()
    if not relative.startswith(TORCH_ALLOWED):
        roots = {name.partition(".")[0] for name in imports_of(path)}
        assert not roots & {"torch", "jax"}


def test_the_bitstream_needs_no_numerics():
    for path in (PACKAGE / "bitstream").glob("*.py"):
        roots = {name.partition(".")[0] for name in imports_of(path)}
        assert not roots & {"numpy", "PIL", "constriction"}, path.name


def test_one_file_imports_the_entropy_coder():
    users = [path for path in MODULES if "constriction" in imports_of(path)]
    assert [path.relative_to(PACKAGE).as_posix() for path in users] == ["entropy/coder.py"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_small(path):
    num_lines = len(path.read_text("utf-8").splitlines())
    assert num_lines <= MAX_LINES, f"{num_lines} lines; split it by noun"


@pytest.mark.parametrize(
    "name", ["utils.py", "helpers.py", "common.py", "misc.py"], ids=lambda name: name
)
def test_no_module_is_a_drawer(name):
    assert not list(PACKAGE.rglob(name))


@pytest.mark.parametrize(
    "code",
    [
        "from overtone.cli.main import build_app; build_app()",
        "import overtone; overtone.encode, overtone.decode",
        "import overtone.codecs.registry as r; [r.get_codec(name) for name in r.CODECS]",
    ],
)
def test_commands_and_codecs_load_nothing_heavy(code):
    check = f"{code}\nimport sys\nprint(*(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def test_folders_named_in_settings_exist():
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    folders = [*settings["pytest"]["ini_options"]["testpaths"], *settings["pyright"]["include"]]
    folders += settings["ruff"]["src"]
    assert all((ROOT / folder).is_dir() for folder in folders)
