#!/bin/sh
# Makes the virtual environment that the make targets run in, or brings it up to date.
#
# usage: venv.sh VENV [PYTHON]
#
# VENV is the environment's folder. PYTHON is the interpreter to make it with; without it,
# an environment that runs is kept, and a new one is made with the first of python3,
# python3.13, python3.12, python3.11 that is new enough. Run it from the repository's root.
# Nothing is done, nor said, where the environment is complete.
set -eu

fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

# "3.12.1" for an interpreter that runs, "not found" for one that does not.
version_of() {
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null || echo "not found"
}

# What tells one interpreter from another, inside and outside of an environment.
identity_of() {
    "$1" -c 'import sys; print(sys.base_prefix, sys.version)' 2>/dev/null || true
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# The environment in $venv runs and is the one asked for.
is_usable() {
    is_new_enough "$venv/bin/python" &&
        { [ -z "$asked" ] || [ "$(identity_of "$venv/bin/python")" = "$(identity_of "$asked")" ]; }
}

# The mark is left by a setup that was finished, and names the folder it was made for.
is_complete() {
    [ "$(cat "$mark" 2>/dev/null)" = "$(pwd -P)" ] &&
        [ "$mark" -nt pyproject.toml ] && [ "$mark" -nt constraints.txt ] && [ "$mark" -nt "$0" ] &&
        is_usable
}

# Sets $python, or ends with a list of what was tried.
choose_python() {
    if [ -n "$asked" ]; then
        set -- "$asked"
    else
        set -- python3 python3.13 python3.12 python3.11
    fi
    tried=""
    for python in "$@"; do
        if is_new_enough "$python"; then
            return
        fi
        tried="$tried${tried:+, }$python ($(version_of "$python"))"
    done
    fail "Python 3.11 or newer is needed. Tried: $tried." \
        "Install one, or name the one to take, as in: make test PYTHON=/opt/python/bin/python3.12"
}

make_environment() {
    printf 'setup: making %s with Python %s; this takes a minute or two.\n' "$venv" "$(version_of "$python")"
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        fail "$python cannot make virtual environments: its ensurepip or venv module is missing." \
            "On Debian and Ubuntu the package python3-venv brings it. Or name another Python: PYTHON=..."
    fi
    "$python" -m venv --clear "$venv" || fail "$venv could not be made; see above."
}

# Installs packages, and says from time to time how far that is; pip's warnings are left out.
install() {
    {
        { "$venv/bin/python" -m pip install --progress-bar off "$@" 2>&1 >&3 || echo Failed >&3; } |
            while read -r line; do
                case $line in WARNING:*) ;; *) printf '%s\n' "$line" >&2 ;; esac
            done
    } 3>&1 | {
        count=0
        while read -r word rest; do
            case $word in
                Collecting | Processing)
                    count=$((count + 1))
                    [ $((count % 20)) -ne 0 ] || printf 'setup: %d packages fetched.\n' "$count"
                    ;;
                Installing) printf 'setup: installing them; this is the longer half.\n' ;;
                Failed) exit 1 ;;
            esac
        done
    }
}

[ $# -ge 1 ] || fail "usage: venv.sh VENV [PYTHON]"
venv=$1
asked=${2:-}
mark=$venv/.complete

if is_complete; then
    exit 0
fi
if is_usable && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    printf 'setup: bringing %s up to date.\n' "$venv"
else
    choose_python
    make_environment
fi

rm -f "$mark"
export PIP_DISABLE_PIP_VERSION_CHECK=1
install --requirement constraints.txt ||
    fail "the packages in constraints.txt could not be installed; see above."

# The package itself is linked, not copied. It takes its version from the generated code:
# where that is missing, make generate has to come first, and the setup stays unfinished.
if [ -f generated/portal_v1/_version.py ]; then
    "$venv/bin/python" -m pip install -qq --no-deps --no-build-isolation --editable . ||
        fail "the package could not be installed; see above."
    pwd -P >"$mark"
else
    printf 'setup: generated/portal_v1 is missing; make generate makes it.\n'
fi
