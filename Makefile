# `make demo` and `make test` do all set-up themselves; a second run starts at once.

# The first Python that LCDFusion runs on (3.10 to 3.12); `make PYTHON=...` chooses another.
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.10 python3,$(shell $(p) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo $(p))))
RUN := .venv/bin/

# What Debian and Ubuntu must bring: a way to make virtual environments, OpenGL for the slice views, DICOM validators and what Qt
# looks for at run time, a browser and a web server before ours, for the tests.
SYSTEM_PACKAGES := python3-venv libegl1 libgl1-mesa-dri
TEST_PACKAGES := dicom3tools dcmtk medcon poppler-utils orthanc orthanc-dicomweb chromium nginx-light openssl \
	g++ libgl1 libxkbcommon0 libfontconfig1 libdbus-1-3 libglib2.0-0 fonts-dejavu-core
# Other systems call it otherwise, or bring it as a snap.
FIREFOX := firefox-esr
# Qt 5.15, with which Slicer 5.10 and 5.12 are built; newer systems have it no more.
QT_5_PACKAGES := python3-pyside2.qtwidgets python3-pyside2.qtuitools
# What Slicer 5.10 brings in other versions than ours (Testing/hosts/contract/slicer-5.10.0.json); the module runs with it in a test.
SLICER_5_10 := pydicom==2.4.4 numpy==2.0.2

# Compiled files are kept: without them every process of the tests compiles the project, and some libraries, anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test fuzz check docs setup lock clean
.DEFAULT_GOAL := demo

demo: .venv/.ready
	$(RUN)lcdfusion demo

# Two workers of pytest-xdist; `make test WORKERS=4` where there are more cores, WORKERS=0 for one process.
WORKERS ?= 2
test: check docs
	$(RUN)pytest --numprocesses $(WORKERS) --dist loadfile

# Damaged inputs and killed runs, for an hour or more; not part of CI, which has a short run of both (docs/reliability.md).
fuzz: .venv/.ready
	$(RUN)python -m Testing.fuzz.run --cases 20000
	$(RUN)python -m Testing.fuzz.kill --moments 200
	$(RUN)python -m Testing.fuzz.interrupt --moments 50

check: .venv/.ready .venv/.ready-for-tests
	$(RUN)ruff check
	$(RUN)ruff format --check
	$(RUN)mypy

# The documents and the Python interface as a site, in build/site.
docs: .venv/.ready
	@.ci/docs

setup: .venv/.ready

# After a change of pyproject.toml or constraints.txt: which packages `make` installs, each with its hashes.
lock:
	@PYTHON=$(PYTHON) .ci/lock

.venv/.ready: pyproject.toml constraints.txt requirements.lock
	@test -n "$(PYTHON)" || { echo "LCDFusion needs Python 3.10, 3.11 or 3.12; install one (for example: apt-get install python3.11 python3.11-venv) and run make again."; exit 1; }
	@sh .ci/system-packages $(SYSTEM_PACKAGES)
	$(PYTHON) -m venv .venv
	$(RUN)pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements.lock
	@# torch alone has no hash: which build it is depends on the machine (decision 111).
	$(RUN)pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[scene,pacs,web,batch,node,test,docs]' --constraint constraints.txt
	@touch $@

.venv/.ready-for-tests: .venv/.ready
	@sh .ci/system-packages $(TEST_PACKAGES)
	@sh .ci/system-packages $(FIREFOX) || echo "note: without $(FIREFOX) the browser viewer is tested in Chromium alone"
	@sh .ci/system-packages $(QT_5_PACKAGES) || echo "note: without $(QT_5_PACKAGES) nothing tests how Qt 5.15 reads the .ui files"
	$(RUN)pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .venv/slicer-5.10 $(SLICER_5_10)
	$(RUN)python -m Testing.clients.npm_clients
	@touch $@

clean:
	rm -rf .venv lcdfusion-demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache
