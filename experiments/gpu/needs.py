"""What the stages need besides PyTorch: packages, of which a pack has wheels, and a kernel."""

import importlib.util
import os
import pathlib
import runpy
import shutil
import subprocess
import sys

# Name of the module to that of the package. PyTorch itself is never carried.
NEEDED = {
    "numpy": "numpy",
    "PIL": "pillow",
    "safetensors": "safetensors",
    "typing_extensions": "typing-extensions",
    "tensorboard": "tensorboard",
    "torchmetrics": "torchmetrics",
    "sklearn": "scikit-learn",
    "constriction": "constriction",
}
# What PyTorch's own machines lack most often, and all that a pack of some MB can bring.
CARRIED = (
    "constriction",
    "safetensors",
    "typing-extensions",
    "torchmetrics",
    "lightning-utilities",
)
WHEELS_FOLDER, SITE_FOLDER, KERNELS_FOLDER = "wheels", "site", "kernels"
MODULE = "_fourier"
BUILD_SECONDS = 120.0


def install_missing(pack: pathlib.Path, work: pathlib.Path) -> list[str]:
    """Installs what is missing from the pack's wheels into a folder of the work's; what is left.

    Returns:
        A line for each package that is neither here nor in the pack.
    """
    if importlib.util.find_spec("torch") is None:
        return [f"needs PyTorch 2.6 or newer, which {sys.executable} does not have"]
    wheels, site = pack / WHEELS_FOLDER, work / SITE_FOLDER
    problems = []
    for module, package in NEEDED.items():
        is_installed = (site / module).is_dir() or (site / f"{module}.py").is_file()
        if is_installed or importlib.util.find_spec(module) is not None:
            continue
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps"]
        command += ["--find-links", str(wheels), "--target", str(site), package]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            problems.append(
                f"needs the Python package {package}, which is neither installed nor in {wheels}; "
                f"pip install {package}, or experiments/gpu.sh --pack where there is a network"
            )
    return problems


def build_kernels(work: pathlib.Path) -> str | None:
    """Builds the kernel of Fourier layers unless the package has it; why there is none, or None.

    It is needed for the comparison with plain PyTorch and on the processor only.
    """
    folder = work / KERNELS_FOLDER
    if has_kernels() or any(folder.glob(f"{MODULE}.*")):
        return None
    ending = "; what needs it is left out"
    compiler = os.environ.get("CXX", "c++")
    for program in ("cmake", compiler):
        if shutil.which(program) is None:
            return f"the native kernel is not built, there is no {program}{ending}"
    if importlib.util.find_spec("nanobind") is None:
        return f"the native kernel is not built, there is no Python package nanobind{ending}"
    build = work / "build"
    root = pathlib.Path(__file__).parents[2]
    configure = [
        "cmake",
        "-S",
        str(root),
        "-B",
        str(build),
        f"-DPython_EXECUTABLE={sys.executable}",
    ]
    configure += ["-G", "Ninja"] if shutil.which("ninja") else []
    compile_ = ["cmake", "--build", str(build), "--target", MODULE, "-j", str(os.cpu_count() or 1)]
    for command in (configure, compile_):
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS
            )
        except subprocess.TimeoutExpired:
            return f"the native kernel is not built, that took over {BUILD_SECONDS:.0f} s{ending}"
        if done.returncode != 0:
            lines = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
            reason = next((line for line in lines if "rror" in line), lines[-1])
            return f"the native kernel is not built: {reason.strip()}{ending}"
    folder.mkdir(parents=True, exist_ok=True)
    for path in build.rglob(f"{MODULE}.*"):
        if path.suffix in (".so", ".pyd"):
            shutil.copy(path, folder)
    return None


def has_kernels() -> bool:
    """Whether the package's own kernels are built; this imports nothing of PyTorch."""
    return importlib.util.find_spec(f"overtone.kernels.{MODULE}") is not None


def use_built_kernels() -> None:
    """Lets this process find the kernel that `build_kernels` made, before anything imports it."""
    folder = os.environ.get("OVERTONE_GPU_KERNELS")
    if folder and pathlib.Path(folder).is_dir():
        import overtone.kernels

        overtone.kernels.__path__.append(folder)


def main() -> None:
    """Runs the stage that is named first, with the kernel that was built."""
    use_built_kernels()
    name = sys.argv.pop(1)
    runpy.run_module(f"experiments.gpu.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
