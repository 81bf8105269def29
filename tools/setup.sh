#!/bin/sh
# Creates .venv, installs the locked versions and builds the kernels.
# Called by `make setup`, which skips it while nothing it depends on has changed.
# OVERTONE_HASHES=1 accepts no package file but those in requirements.lock. That is not the
# default: the lock has what an index had when it was made, and neither the packages that another
# system needs besides (the CUDA libraries of PyTorch) nor the files that a mirror has built itself.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "setup: $1" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# $PYTHON wins; otherwise the first interpreter that is new enough.
find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if is_new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

python=$(find_python)
[ -n "$python" ] || fail "needs Python 3.11 or newer, found $(${PYTHON:-python3} --version 2>&1 \
    | head -n 1 || true); install it (Debian/Ubuntu: python3.11 python3.11-venv python3.11-dev; \
Fedora: python3.11-devel; macOS: brew install python@3.13) or set PYTHON=/path/to/python"

compiler=${CXX:-c++}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf '#include <bit>\n#include <concepts>\n#include <span>\nint main() { return std::has_single_bit(3u); }\n' \
    > "$scratch/check.cpp"
command -v "$compiler" > /dev/null ||
    fail "needs a C++20 compiler, found no '$compiler'; install one (Debian/Ubuntu: g++; Fedora: gcc-c++; macOS: xcode-select --install) or set CXX"
"$compiler" -std=c++20 -o "$scratch/check" "$scratch/check.cpp" 2> /dev/null ||
    fail "'$compiler' cannot compile C++20 ($("$compiler" --version 2>&1 | head -n 1)); install a newer one (Debian/Ubuntu: g++-12 or later; macOS: xcode-select --install) or set CXX"

headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -f "$headers/Python.h" ] ||
    fail "the headers of $("$python" --version) are missing ($headers/Python.h); install them (Debian/Ubuntu: python3-dev; Fedora: python3-devel)"

if [ ! -x .venv/bin/python ] || ! is_new_enough .venv/bin/python; then
    "$python" -m venv --clear .venv > "$scratch/venv.log" 2>&1 ||
        fail "cannot create .venv with $("$python" --version): $(tail -n 1 "$scratch/venv.log"); install the venv module (Debian/Ubuntu: python3-venv)"
fi

# Build tools come first and from the same lock, and the build does not leave the
# environment, because constraints do not reach pip's isolated builds in every pip.
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT="$PWD/constraints.txt"
pip=".venv/bin/python -m pip install --quiet --no-input"
if [ "${OVERTONE_HASHES:-}" = 1 ]; then
    echo "setup: installing the files whose hashes are in requirements.lock"
    PIP_CONSTRAINT= $pip --require-hashes --no-deps --requirement requirements.lock
fi
echo "setup: installing locked packages"
$pip scikit-build-core nanobind cmake ninja
echo "setup: building the kernels"
PATH="$PWD/.venv/bin:$PATH" CXX="$compiler" $pip --no-build-isolation --editable ./models \
    --editable ".[dev]"
.venv/bin/python -c 'import overtone.kernels' || fail "the built package cannot be imported"
echo "setup: ready ($(.venv/bin/python --version), $("$compiler" --version | head -n 1))"
