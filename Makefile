# make setup   .venv with the locked versions, kernels built
# make test    setup, then lint, types and tests
# make demo    setup, then demo/report.html from a bundled photograph, and pictures of a model
# make docs    the documentation site in site/
# make fuzz    mutated files against the decoder

VENV := .venv/bin
STAMP := .venv/setup.stamp
BUILD_INPUTS := pyproject.toml constraints.txt CMakeLists.txt tools/setup.sh \
                $(shell find csrc -type f)

CPP_SOURCES := $(shell find csrc -name "*.h" -o -name "*.cpp")

.PHONY: setup test lint demo docs fuzz clean

setup: $(STAMP)

$(STAMP): $(BUILD_INPUTS)
	@tools/setup.sh
	@touch $@

lint: $(STAMP)
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/clang-format --dry-run --Werror $(CPP_SOURCES)
	$(VENV)/pyright

test: lint
	$(VENV)/python -m pytest -q

demo: $(STAMP)
	$(VENV)/python examples/demo.py

docs: $(STAMP)
	$(VENV)/python -m pip install --quiet --constraint constraints.txt mkdocs-material "mkdocstrings[python]"
	$(VENV)/mkdocs build --strict

fuzz: $(STAMP)
	$(VENV)/python tests/fuzz_decode.py

clean:
	rm -rf .venv build demo site
