# make setup   .venv with the locked versions, kernels built
# make test    setup, then lint, types and tests
# make demo    setup, then demo/report.html from a bundled photograph, and pictures of a model
# make reproduce   the pages of docs/reproduction/ from the rows of experiments
# make wasm    the decoder as WebAssembly and the data it needs, in js/ (needs emscripten)
# make docs    the documentation site in site/
# make fuzz      mutated files against the decoder
# make lint-cpp  the native code with all warnings as errors
# make sanitize  tests of the decoders and mutated files, under address and undefined behaviour checks;
#                then libFuzzer on the native decoders, FUZZ_SECONDS each, where there is clang++
# make lock      requirements.lock from constraints.txt: the same versions with their hashes
# make audit     known holes and licences of the locked packages
# make release   dist/: source distribution, wheels, wheel of the trained models, SHA256SUMS
# make release-twice   the same, built in two folders and compared byte for byte
# make try-release   installs the wheels of dist/ where there is no compiler, and uses them

VENV := .venv/bin
STAMP := .venv/setup.stamp
BUILD_INPUTS := pyproject.toml models/pyproject.toml constraints.txt CMakeLists.txt tools/setup.sh \
                $(shell find csrc -type f)

CPP_SOURCES := $(shell find csrc -name "*.h" -o -name "*.cpp")

.PHONY: setup test lint lint-cpp sanitize libfuzzer lock audit release release-twice try-release \
        demo reproduce wasm docs fuzz clean

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

# The errors of two tests of fitting at the coarsest quality depend on the order of sums, which the
# checks change.
sanitize: $(STAMP)
	$(CMAKE) -DOVERTONE_SANITIZE=address,undefined
	$(BUILD)
	$(SANITIZED) pytest -q -p no:cacheprovider tests/test_fourier_face.py tests/test_sparse_dct.py \
	    tests/test_tiled_dct.py tests/test_dfm.py tests/test_ovt.py tests/test_ovt_interface.py \
	    tests/test_latent_file.py tests/test_latent_damage.py tests/test_latent_picture.py -m "not slow" -k "not ends_of_the_dial"
	$(SANITIZED) tests/fuzz_decode.py --runs 3000 --codecs tiled-dct dfm sparse-dct dfm-latent
	$(MAKE) libfuzzer

# Sources of each target besides its own; the kernels are those of the plainest instruction set.
FUZZ_CXX ?= clang++
FUZZ_SECONDS ?= 60
FUZZ_FLAGS = -std=gnu++20 -O2 -g -fwrapv -fno-math-errno -fsanitize=fuzzer,address,undefined \
             -fno-sanitize-recover=all -Icsrc -DOVERTONE_ISA=baseline -DOVERTONE_DEVELOPMENT=1
FUZZ_PLATFORM = csrc/platform/isa.cpp csrc/platform/pool.cpp
FUZZ_SOURCES_tiled_dct = $(addprefix csrc/tiled_dct/,decoder.cpp render.cpp render_kernel.cpp) $(FUZZ_PLATFORM)
FUZZ_SOURCES_sparse_dct =
FUZZ_SOURCES_dfm = $(addprefix csrc/fourier/,block.cpp layout.cpp runner.cpp kernel.cpp) $(FUZZ_PLATFORM)
FUZZ_SOURCES_ovt = $(filter-out csrc/ovt/bindings.cpp,$(wildcard csrc/ovt/*.cpp csrc/ovt/*/codec.cpp)) \
                   $(filter-out %/codec.cpp csrc/ovt/tools/%,$(wildcard csrc/ovt/*/*.cpp)) \
                   $(filter-out %/bindings.cpp,$(wildcard csrc/latent_file/*.cpp csrc/latent_shape/*.cpp)) \
                   $(FUZZ_SOURCES_tiled_dct) \
                   $(addprefix csrc/fourier/,block.cpp layout.cpp runner.cpp kernel.cpp)
FUZZ_TARGETS = ovt tiled_dct sparse_dct dfm

libfuzzer: $(addprefix build/fuzz/,$(FUZZ_TARGETS))
	@for target in $(FUZZ_TARGETS); do \
	    [ -x build/fuzz/$$target ] || continue; \
	    mkdir -p build/fuzz/corpus/$$target; \
	    build/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -max_len=2048 -timeout=60 -print_final_stats=1 \
	        -artifact_prefix=build/fuzz/$$target- build/fuzz/corpus/$$target tests/corpus || exit 1; \
	done

build/fuzz/%: $(shell find csrc -name "*.h" -o -name "*.cpp")
	@mkdir -p build/fuzz
	@if command -v $(FUZZ_CXX) > /dev/null; then \
	    echo "$(FUZZ_CXX) $@"; \
	    $(FUZZ_CXX) $(FUZZ_FLAGS) csrc/fuzz/$*.cpp $(FUZZ_SOURCES_$*) -lpthread -o $@; \
	else \
	    echo "sanitize: no $(FUZZ_CXX), so libFuzzer is left out (Debian/Ubuntu: apt install clang)"; \
	fi

lock: $(STAMP)
	@tools/lock.sh

audit: $(STAMP)
	@tools/audit.sh

# Interpreters that wheels are built for, as `uv` finds them, and programs that they are tried with.
RELEASE_PYTHONS ?= 3.11 '>=3.12'
TRY_PYTHONS ?= $(VENV)/python
TRY_OPTIONS ?=

release: $(STAMP)
	$(VENV)/python tools/release.py --pythons $(RELEASE_PYTHONS)

release-twice: $(STAMP)
	$(VENV)/python tools/release.py --pythons $(RELEASE_PYTHONS) --twice

try-release: $(STAMP)
	$(VENV)/python tools/try_wheel.py dist --pythons $(TRY_PYTHONS) $(TRY_OPTIONS)

# A worker for each core, four at most; each has one thread, since threads of several would wait for one another.
test: lint
	OMP_NUM_THREADS=1 $(VENV)/python -m pytest -q --numprocesses auto --maxprocesses 4 --dist loadfile \
	    --no-loadscope-reorder

demo: $(STAMP)
	$(VENV)/python examples/demo.py

reproduce: $(STAMP)
	$(VENV)/python -m experiments all

# Two modules, of which a browser takes the one it can run, and the data of the codecs.
WASM_INPUTS := CMakeLists.txt $(shell find csrc/platform csrc/entropy csrc/fourier csrc/tiled_dct \
                                      csrc/sparse_dct csrc/latent_file csrc/latent_shape csrc/ovt \
                                      csrc/wasm -type f)
CODEC_DATA := $(wildcard src/overtone/codecs/*/*.bin)
wasm_simd := ON
wasm_plain := OFF

wasm: js/wasm/ovt-simd.wasm js/wasm/ovt-plain.wasm js/data/stamp

js/wasm/ovt-%.wasm: $(WASM_INPUTS)
	@command -v emcmake > /dev/null || \
	    { echo "wasm: no emcmake (Debian/Ubuntu: apt install emscripten)" >&2; exit 1; }
	emcmake cmake -S . -B build/wasm/$* -DOVERTONE_LIBRARY_ONLY=ON -DOVERTONE_WASM_SIMD=$(wasm_$*)
	cmake --build build/wasm/$* --target overtone_wasm
	@mkdir -p js/wasm
	cp build/wasm/$*/csrc/wasm/ovt.wasm $@

js/data/stamp: $(CODEC_DATA)
	@for file in $(CODEC_DATA); do \
	    folder=js/data/$$(basename $$(dirname $$file) | tr _ -); \
	    mkdir -p $$folder && cp $$file $$folder/ || exit 1; \
	done
	@touch $@

docs: $(STAMP)
	$(VENV)/python -m pip install --quiet --constraint constraints.txt mkdocs-material "mkdocstrings[python]"
	$(VENV)/mkdocs build --strict

fuzz: $(STAMP)
	$(VENV)/python tests/fuzz_decode.py --runs 1000000 --jobs 2

clean:
	rm -rf .venv build demo site js/wasm js/data
