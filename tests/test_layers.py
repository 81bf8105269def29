"""Imports point one way, files and functions stay small, and light commands stay light."""

import ast
import graphlib
import subprocess
import sys

import pytest
from tools.layers import LAYERS, PACKAGE, PAGE, ROOT, refreshed

import overtone
from overtone.cli.main import COMMANDS

MAX_LINES = 300
# A function's lines are those from its first statement after the docstring to its last, with blank
# ones, comments and functions inside; its parameters are all but `self` and `cls`.
MAX_FUNCTION_LINES = 50
MAX_PARAMETERS = 8
# May have more parameters: the options of commands, and the public functions behind them.
MANY_PARAMETERS = {(each.__module__, each.__name__) for each in COMMANDS} | {
    (module, name) for name, module in overtone._PUBLIC.items()
}
TORCH_ALLOWED = (
    *("models", "training", "tasks", "metrics/distribution"),
    "editing/through_model.py",
)
# What must not be loaded to answer a command; the rest of the package needs NumPy at once.
HEAVY = (
    "torch",
    "safetensors",
    "sklearn",
    "jax",
    "matplotlib",
    "scipy",
    "jaxtyping",
    "beartype",
    "starlette",
    "uvicorn",
)

MODULES = sorted(PACKAGE.rglob("*.py"))
EXPERIMENTS = sorted((ROOT / "experiments").rglob("*.py"))
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
    raise AssertionError(f"{part} is in no layer; add it to LAYERS in tools/layers.py")


def is_for_checkers_only(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def import_nodes_of(path):
    """The import statements at any depth of a file but under TYPE_CHECKING."""
    pending = [ast.parse(path.read_text("utf-8"))]
    while pending:
        node = pending.pop()
        if is_for_checkers_only(node):
            pending += node.orelse
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        else:
            pending += ast.iter_child_nodes(node)


def imports_of(path):
    """Names of the modules in a file's import statements."""
    for node in import_nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            assert node.level == 0, f"{path.name} has a relative import"
            yield node.module or ""


def imported_modules(path, known):
    """Which of the known modules a file imports; `from package import module` is the module."""
    for node in import_nodes_of(path):
        for alias in node.names:
            outer = alias.name if isinstance(node, ast.Import) else node.module
            inner = f"{outer}.{alias.name}"
            yield from {inner if inner in known else outer} & known


def module_name(path):
    root = ROOT / "src" if path.is_relative_to(ROOT / "src") else ROOT
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


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


def cycle_in(graph):
    """Names that import each other in a ring, or none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def merged(graph, depth):
    """The graph between packages: what is equal in the first `depth` parts of its name is one."""
    packages = {}
    for name, targets in graph.items():
        own = ".".join(name.split(".")[:depth])
        others = {".".join(target.split(".")[:depth]) for target in targets}
        packages[own] = packages.get(own, set()) | (others - {own})
    return packages


def test_no_modules_and_no_packages_import_each_other():
    paths = {module_name(path): path for path in [*MODULES, *EXPERIMENTS]}
    known = set(paths)
    graph = {name: set(imported_modules(path, known)) - {name} for name, path in paths.items()}
    assert graph["overtone.cli.main"] > {"overtone", "overtone.cli.encode", "overtone.errors"}
    assert not cycle_in(graph)
    # The name `overtone` itself stands for its public functions, which are imported on first use.
    library = {name: graph[name] - {"overtone"} for name in graph if name.startswith("overtone.")}
    for depth in (2, 3, 4):
        assert not cycle_in(merged(library, depth))


def test_cycles_are_found():
    graph = {"a.b.one": {"a.c.two"}, "a.c.two": set(), "a.c.three": {"a.b.four"}, "a.b.four": set()}
    assert cycle_in(graph) == []
    assert set(cycle_in(merged(graph, 2))) == {"a.b", "a.c"}
    assert set(cycle_in(graph | {"a.c.two": {"a.b.one"}})) == {"a.b.one", "a.c.two"}


def test_the_table_of_layers_is_what_the_program_writes():
    page = PAGE.read_text("utf-8")
    assert "| `cli` |" in page
    assert refreshed(page) == page, "run: python tools/layers.py"


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


def functions_of(tree):
    """Each function of a module: its node, lines and number of parameters."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[ast.get_docstring(node) is not None :]
            last = max((each.end_lineno or 0 for each in body), default=0)
            num_lines = last - body[0].lineno + 1 if body else 0
            names = [each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)]
            yield node, num_lines, len([name for name in names if name not in ("self", "cls")])


@pytest.mark.parametrize(
    "path", [*MODULES, *EXPERIMENTS], ids=lambda path: str(path.relative_to(ROOT))
)
def test_functions_stay_small(path):
    for node, num_lines, num_parameters in functions_of(ast.parse(path.read_text("utf-8"))):
        place = f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}"
        assert num_lines <= MAX_FUNCTION_LINES, f"{place} has {num_lines} lines; split it"
        if (module_name(path), node.name) not in MANY_PARAMETERS:
            assert num_parameters <= MAX_PARAMETERS, f"{place} has {num_parameters} parameters"


def test_lines_and_parameters_are_counted():
    text = """
class A:
    def f(self, a, /, b: int = 1, *c, d, **e):
        '''Words.

        More.
        '''
        # A comment.
        first = 1

        return first

    def g(): ...
"""
    counted = [numbers for _, *numbers in functions_of(ast.parse(text))]
    assert counted == [[3, 5], [1, 0]]


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
