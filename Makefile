# What there is to do here. `make` alone lists it.

CORPUS := icons
PYTHON := .venv/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check
PIP_VERSION := 26.3
# Pinned by hand: the release that the product is tested with; the resolver would take the newest.
TORCH := torch==2.13.0
MOTO_VERSION := 5.2.5
# What make dist leaves out, with what it alone needs; an environment for the encoders hashing and universal is a third.
DIST_WITHOUT :=
# Of the tests: a file is run by one process, in the order of pyproject.toml, where long ones stand first.
TEST_PROCESSES := 2
TESTS_SHARED := --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder
# Of the benchmarks. The peers' packages are kept apart, so that they cannot change the product's.
BENCH_SIGNALS := 2000000
BENCH_ENGINES := ours sklearn polars polars-distinct duckdb duckdb-distinct
BENCH_SAMPLE := 200000
BENCH_PHRASES := 10000
SKEW_CAPTIONS := 500000
SKEW_IMAGES := 1000000
BENCH_SIZES := 100000 1000000 10000000
BENCH_SET :=
SIGNALS := build/signals-$(BENCH_SIGNALS)
PEERS := build/peers/bin/python
VECTORS := build/vectors-$(BENCH_PHRASES)

.PHONY: help setup demo docs dist test test-fast test-consumers test-cluster test-faults check audit lock bench bench-growing bench-counting bench-normalizing bench-clustering bench-matching bench-skew bench-publishing bench-train clean
.DELETE_ON_ERROR:

help: ## list the targets
	@echo "make TARGET, where TARGET is one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' Makefile

setup: .venv/.dev ## make the environment .venv: the product, a corpus, a model, a Java, the tools of development

demo: .venv/.ready ## run everything on a ready-made corpus (CORPUS=icons or openclipart), into runs/
	$(PYTHON) jobs/mine.py --corpus $(CORPUS) --run-root runs

docs: .venv/.dev ## build the site of documentation into build/docs; open build/docs/index.html
	$(PYTHON) -m pipeline.docs.site build/docs

dist: .venv/.ready ## pack code, libraries and jobs for spark-submit into dist/ (DIST_WITHOUT="torch sentence-transformers" leaves out)
	$(PYTHON) -m pipeline.runtime.pack dist --without $(DIST_WITHOUT)

test: .venv/.dev ## run all tests, TEST_PROCESSES files at a time
	$(PYTHON) -m pytest $(TESTS_SHARED)

test-fast: .venv/.dev ## run the tests that need no Spark
	$(PYTHON) -m pytest $(TESTS_SHARED) tests/unit

test-consumers: .venv/.dev ## make environments of img2dataset, timm and MosaicML streaming (4 GB), and test that they read a tree
	$(PYTHON) tests/consumers/environments.py
	$(PYTHON) -m pytest tests/consumers

test-cluster: .venv/.dev build/moto/.ready ## test packed jobs on a Spark cluster of this machine, killing parts of it, and small files on S3 (6 minutes)
	LONGTAIL_CLUSTER=1 $(PYTHON) -m pytest tests/cluster

test-faults: .venv/.dev ## kill a run's processes KILLS times (30) at random moments, damage its files, fill its disk; writes build/faults.md (35 minutes)
	$(PYTHON) -m pytest tests/faults

check: .venv/.dev ## check format, style, types and the order of imports
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -q tests/unit/test_import_order.py

audit: .venv/.dev build/audit/.ready ## look all pinned packages up in the list of known vulnerabilities (online), and check their licences
	# Strict, since a package that the index does not know would be skipped, and the audit pass.
	build/audit/bin/pip-audit -r .constraints.txt --no-deps --disable-pip --strict --progress-spinner off
	$(PYTHON) -m pytest -q tests/unit/test_security.py -k licence

lock: .venv/.ready ## resolve all dependencies anew and write .constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	    echo "make lock: needs an environment of Python 3.11, the oldest that is supported, so that the pins fit all."; \
	    exit 1; }
	$(PIP) install --quiet --dry-run --ignore-installed --report .venv/lock.json -e '.[embedded]' --group dev '$(TORCH)'
	@{ echo "# All packages that the product, make demo and the tests use, for Python 3.11 to 3.13; made by make lock."; \
	   echo "# What torch needs for GPUs depends on the platform, and torch pins it itself."; \
	   $(PYTHON) -c 'import json; \
	   found = [item["metadata"] for item in json.load(open(".venv/lock.json"))["install"]]; \
	   pins = {item["name"].lower().replace("_", "-"): item["version"].split("+")[0] for item in found}; \
	   del pins["longtail-labels"]; \
	   print("\n".join(f"{name}=={pins[name]}" for name in sorted(pins)))'; } > .venv/lock.txt
	mv .venv/lock.txt .constraints.txt

bench: .venv/.ready ## the whole road on BENCH_SIZES signals: seconds, memory and bytes of each stage, and how they grow (about 40 minutes)
	$(PYTHON) tests/benchmarks/scale.py run build/bench --sizes $(BENCH_SIZES) $(BENCH_SET:%=--set %)
	$(PYTHON) tests/benchmarks/scale.py predict build/bench

bench-growing: .venv/.ready ## 1 % new signals on top of 1 M: seconds beside a run on everything, labels and images compared (20 minutes)
	$(PYTHON) tests/benchmarks/scale.py run build/growing --sizes 1000000 --keep
	$(PYTHON) tests/benchmarks/growing.py build/growing/1000000 --full

bench-counting: $(SIGNALS)/.done build/peers/.ready ## count phrases of BENCH_SIGNALS signals, beside scikit-learn, Polars and DuckDB
	$(PYTHON) tests/benchmarks/counting.py compare $(SIGNALS) --engines $(BENCH_ENGINES) --peer-python $(PEERS)

bench-normalizing: $(SIGNALS)/.done build/peers/.ready ## normalize BENCH_SIGNALS signals, beside loops over ftfy and datatrove
	$(PYTHON) tests/benchmarks/normalizing.py compare $(SIGNALS) --out build/normalizing --sample $(BENCH_SAMPLE) \
	    --peer-python $(PEERS)

bench-clustering: $(VECTORS)/support.npy build/peers/.ready ## cluster BENCH_PHRASES vectors, beside faiss, scikit-learn and UMAP + HDBSCAN
	$(PYTHON) tests/benchmarks/clustering.py compare $(VECTORS) --peer-python $(PEERS)

bench-matching: build/matching/members.parquet build/matchers/.ready ## find 10,000 to 1 M phrases in 1 M texts, beside Aho-Corasick, flashtext and substrings
	$(PYTHON) tests/benchmarks/matching.py compare build/matching --peer-python build/matchers/bin/python

bench-skew: .venv/.dev ## one image with SKEW_CAPTIONS captions, one board on SKEW_IMAGES images, through the product
	$(PYTHON) tests/benchmarks/skew.py build/skew --captions $(SKEW_CAPTIONS) --images $(SKEW_IMAGES)

bench-publishing: build/publishing/.done ## publish a manifest of 5 M images, and read it by our reader, datasets and pyarrow
	rm -rf build/publishing/manifest
	$(PYTHON) tests/benchmarks/publishing.py run build/publishing
	$(PYTHON) tests/benchmarks/reading.py build/publishing/manifest/bench

bench-train: .venv/.dev ## train small models on phrases, labels and balanced labels, and judge their features (20 minutes)
	$(PIP) install --quiet resvg-py==0.5.0
	$(PYTHON) tests/benchmarks/train_probe.py build/probe

clean: ## remove the environment and all caches; runs/ stays
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis spark-warehouse metastore_db
	find jobs pipeline schemas tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: a second `make setup` does nothing until one of these files changes.
.venv/.ready: pyproject.toml .constraints.txt
	@for python in python3.11 python3.12 python3.13 python3; do \
	    if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	        found=$$python; break; \
	    fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "make setup: no Python 3.11, 3.12 or 3.13 on PATH. Install one (Debian and Ubuntu: python3 and python3-venv)."; \
	    exit 1; \
	fi; \
	if ! $$found -c 'import ensurepip' 2>/dev/null; then \
	    echo "make setup: $$found cannot make environments. On Debian and Ubuntu run: sudo apt-get install" \
	        "$$($$found -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; \
	    exit 1; \
	fi; \
	$(PYTHON) -m pip --version >/dev/null 2>&1 || $$found -m venv --clear .venv
	@echo "Installing the product with all that it needs into .venv: some minutes, and most of them are for torch."
	$(PIP) install --quiet 'pip==$(PIP_VERSION)'
	$(PIP) install --quiet -c .constraints.txt -e '.[embedded]'
	$(PYTHON) -m pipeline.text.wordnet
	$(PYTHON) -m pipeline.runtime.java
	$(PYTHON) -m pipeline.runtime.archive
	touch $@

.venv/.dev: .venv/.ready
	$(PIP) install --quiet -c .constraints.txt --group dev
	touch $@

build/audit/.ready: .venv/.ready
	.venv/bin/python -m venv --clear build/audit
	build/audit/bin/python -m pip --disable-pip-version-check install --quiet 'pip-audit==2.10.1'
	touch $@

$(SIGNALS)/.done: .venv/.dev tests/benchmarks/generate.py tests/benchmarks/draws.py
	$(PYTHON) tests/benchmarks/generate.py $(SIGNALS) --signals $(BENCH_SIGNALS)
	touch $@

build/publishing/.done: .venv/.dev tests/benchmarks/publishing.py
	rm -rf build/publishing
	$(PYTHON) tests/benchmarks/publishing.py make build/publishing
	touch $@

$(VECTORS)/support.npy: .venv/.dev tests/benchmarks/clustering.py
	$(PYTHON) tests/benchmarks/clustering.py generate $(VECTORS) --phrases $(BENCH_PHRASES)

build/matching/members.parquet: .venv/.dev tests/benchmarks/matching.py
	$(PYTHON) tests/benchmarks/matching.py make build/matching

build/matchers/.ready: .venv/.ready
	.venv/bin/python -m venv --clear build/matchers
	build/matchers/bin/python -m pip --disable-pip-version-check install --quiet ahocorasick_rs flashtext pyarrow
	touch $@

build/moto/.ready: .venv/.ready
	.venv/bin/python -m venv --clear build/moto
	build/moto/bin/python -m pip --disable-pip-version-check install --quiet 'moto[server]==$(MOTO_VERSION)'
	touch $@

build/peers/.ready: .venv/.ready
	.venv/bin/python -m venv --clear build/peers
	$(PEERS) -m pip --disable-pip-version-check install --quiet polars duckdb scikit-learn pyarrow ftfy datatrove regex \
	    faiss-cpu umap-learn hdbscan psutil
	touch $@
