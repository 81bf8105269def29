# make setup   .venv with the locked versions, kernels built
# make test    setup, then lint, types and tests
# make demo    setup, then demo/report.html from a bundled photograph, and pictures of a model
# make reproduce   the pages of docs/reproduction/ from the rows of experiments
# make docs    the documentation site in site/
# make fuzz    mutated files against the decoder
# make lint-cpp  the native code with all warnings as errors
# make sanitize  tests of the decoders and mutated files, under address and undefined behaviour checks

VENV := .venv/bin
STAMP := .venv/setup.stamp
BUILD_INPUTS := pyproject.toml constraints.txt CMakeLists.txt tools/setup.sh \
                $(shell find csrc -type f)

CPP_SOURCES := $(shell find csrc -name "*.h" -o -name "*.cpp")

.PHONY: setup test lint lint-cpp sanitize demo reproduce docs fuzz clean

setup: $(STAMP)

$(STAMP): $(BUILD_INPUTS)
	@tools/setup.sh
	@touch $@

lint: $(STAMP)
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/clang-format --dry-run --Werror $(CPP_SOURCES)
	$(VENV)/pyright

# Native modules of a second build in the folder of the target's name.
CMAKE = PATH="$(CURDIR)/$(VENV):$$PATH" cmake -S . -B build/$@ -G Ninja \
        -DPython_EXECUTABLE=$(CURDIR)/$(VENV)/python -DOVERTONE_DEVELOPMENT=ON
BUILD = PATH="$(CURDIR)/$(VENV):$$PATH" cmake --build build/$@
CXX ?= c++
SANITIZED = LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) $$($(CXX) -print-file-name=libstdc++.so)" \
            ASAN_OPTIONS=detect_leaks=0 $(VENV)/python tools/sanitized.py build/$@

lint-cpp: $(STAMP)
	$(CMAKE)
	$(BUILD)

sanitize: $(STAMP)
	$(CMAKE) -DOVERTONE_SANITIZE=address,undefined
	$(BUILD)
	$(SANITIZED) pytest -q -p no:cacheprovider tests/test_fourier_face.py tests/test_sparse_dct.py \
	    tests/test_tiled_dct.py tests/test_dfm.py -m "not slow"
	$(SANITIZED) tests/fuzz_decode.py --runs 3000 --codecs tiled-dct dfm sparse-dct

test: lint
	$(VENV)/python -m pytest -q

demo: $(STAMP)
	$(VENV)/python examples/demo.py

reproduce: $(STAMP)
	$(VENV)/python -m experiments all

docs: $(STAMP)
	$(VENV)/python -m pip install --quiet --constraint constraints.txt mkdocs-material "mkdocstrings[python]"
	$(VENV)/mkdocs build --strict

fuzz: $(STAMP)
	$(VENV)/python tests/fuzz_decode.py

clean:
	rm -rf .venv build demo site
