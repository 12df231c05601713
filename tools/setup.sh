#!/bin/sh
# Makes .venv hold what `make run` (argument: run) or `make test` (argument: dev) needs. Safe to interrupt and to repeat.
set -eu
cd "$(dirname "$0")/.."
want=${1:-dev}
UV_VERSION=0.9.0

say() { printf '%s\n' "$*" >&2; }

# --- system libraries -------------------------------------------------------------------------------------------
missing=""
need() { # need SONAME PACKAGE: Qt loads these at run time, wheels do not bring them
    if ! printf '%s\n' "$libraries" | grep -qF "$1 "; then missing="$missing $2"; fi
}
if [ "$(uname -s)" = Linux ]; then
    libraries=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null || true)
    if [ -n "$libraries" ]; then
        need libglib-2.0.so.0 libglib2.0-0
        need libEGL.so.1 libegl1
        need libGL.so.1 libgl1
        need libfontconfig.so.1 libfontconfig1
        need libdbus-1.so.3 libdbus-1-3
        need libxkbcommon.so.0 libxkbcommon0
        need libxcb-cursor.so.0 libxcb-cursor0
        need libxkbcommon-x11.so.0 libxkbcommon-x11-0
        need libxcb-icccm.so.4 libxcb-icccm4
        need libxcb-image.so.0 libxcb-image0
        need libxcb-keysyms.so.1 libxcb-keysyms1
        need libxcb-randr.so.0 libxcb-randr0
        need libxcb-render-util.so.0 libxcb-render-util0
        need libxcb-shape.so.0 libxcb-shape0
        need libwayland-client.so.0 libwayland-client0
        need libwayland-cursor.so.0 libwayland-cursor0
        need libwayland-egl.so.1 libwayland-egl1
    fi
    if [ "$want" = dev ]; then # the tests compile a fake NVML
        command -v gcc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
    fi
fi

# --- a Python of 3.11 or newer --------------------------------------------------------------------------------------
python=""
for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        python=$candidate
        break
    fi
done
uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    if [ -z "$python" ]; then
        missing="$missing python3 python3-venv"
    elif ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        missing="$missing python3-venv"
    fi
fi

if [ -n "$missing" ]; then
    root=""
    [ "$(id -u)" = 0 ] || root="sudo -n"
    if command -v apt-get >/dev/null 2>&1 && { [ -z "$root" ] || sudo -n true 2>/dev/null; }; then
        say "Installing system packages:$missing"
        $root apt-get update -qq
        # shellcheck disable=SC2086
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        say "Please install these first, then run make again: sudo apt-get install$missing"
        exit 1
    fi
    [ -n "$python" ] || python=python3
fi

# --- the locked dependencies ------------------------------------------------------------------------------------
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}" UV_NATIVE_TLS="${UV_NATIVE_TLS:-1}"
if [ -z "$uv" ]; then
    # A .venv that an interrupted set-up left half made is made again.
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --clear .venv
    fi
    .venv/bin/python -m uv --version >/dev/null 2>&1 ||
        .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv>=$UV_VERSION"
    uv=".venv/bin/python -m uv"
fi
groups=""
[ "$want" = dev ] || groups="--no-default-groups"
[ "$want" = bench ] && groups="--group bench"
# shellcheck disable=SC2086
VIRTUAL_ENV="" $uv sync --frozen --inexact --quiet $groups
if [ ! -f ".venv/.ready-$want" ] || [ -n "${CI:-}" ]; then say "Ready: .venv ($want)"; fi
touch ".venv/.ready-$want"
