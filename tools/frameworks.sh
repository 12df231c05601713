#!/bin/sh
# Makes .venv-frameworks: the CPU builds of the frameworks that the examples are tested on.
set -eu
cd "$(dirname "$0")/.."
venv=.venv-frameworks
[ "$venv/.ready" -nt tools/frameworks.sh ] && exit 0
base=$(.venv/bin/python -c 'import sys; print(sys._base_executable)')
[ -x "$venv/bin/pip" ] || "$base" -m venv --clear "$venv"
# Anywhere but where a CPU wheel is found locally, take it from PyTorch's own index: the default one is gigabytes of CUDA.
if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: --no-index torch==2.13.0 --no-deps 2>/dev/null; then
    "$venv/bin/pip" install --quiet --disable-pip-version-check --index-url https://download.pytorch.org/whl/cpu torch==2.13.0
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 tensorflow-cpu==2.21.0 numba==0.68.1 \
    pyopencl==2026.1.4 pocl-binary-distribution==3.0
touch "$venv/.ready"
