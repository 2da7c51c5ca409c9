#!/bin/sh
# Makes a virtual environment, or brings it up to date.
#
# usage: venv.sh VENV [PYTHON [LIST...]]
#
# PYTHON makes the environment VENV; without it, one that runs is kept, and a new one is made with the
# first of python3, python3.13, python3.12, python3.11 that is new enough. Each LIST is a file of the
# packages in it, in the versions of constraints.txt; without one it is the environment of the make
# targets, with all of constraints.txt. Run it from the repository's root. Nothing is done, nor said,
# where the environment is complete.
set -eu
venv=$1
asked=${2:-}
shift $(($# < 2 ? $# : 2))
mark=$venv/.complete

fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

# Prints what an interpreter is, where it runs and is new enough.
identify() {
    "$1" -c 'import sys; assert sys.version_info >= (3, 11); print(sys.base_prefix, sys.version)' \
        2>/dev/null
}

# Whether the environment runs and is the one asked for.
is_usable() {
    found=$(identify "$venv/bin/python") &&
        { [ -z "$asked" ] || [ "$found" = "$(identify "$asked")" ]; }
}

# Sets $python, or ends with a list of what was tried.
choose_python() {
    tried=""
    [ -n "$asked" ] && set -- "$asked" || set -- python3 python3.13 python3.12 python3.11
    for python in "$@"; do
        ! identify "$python" >/dev/null || return 0
        tried="$tried${tried:+, }$python ($("$python" -V 2>/dev/null || echo "not found"))"
    done
    fail "Python 3.11 or newer is needed. Tried: $tried." \
        "Install one, or name the one to take, as in: make test PYTHON=/opt/python/bin/python3.12"
}

# Installs packages, and says from time to time how far that is.
install() {
    { "$venv/bin/python" -m pip install "$@" 2>"$venv/pip.log" || echo Failed; } | awk '
        /^(Collecting|Processing)/ { if (++count % 20 == 0) print "setup: " count " packages fetched." }
        /^Installing/ { print "setup: installing them; this is the longer half." }
        /^Failed$/ { failed = 1 }
        { fflush() }
        END { exit failed }' || fail "$venv could not be filled:" "$(tail -n 20 "$venv/pip.log")"
}

# The mark is left by a setup that was finished, and names the folder it was made for.
changed=$(find "$0" constraints.txt "$@" -newer "$mark" 2>/dev/null) || changed=all
if [ -z "$changed" ] && [ "$(cat "$mark")" = "$(pwd -P)" ] && is_usable; then
    exit 0
fi
if is_usable && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    printf 'setup: bringing %s up to date.\n' "$venv"
else
    choose_python
    printf 'setup: making %s with %s; this takes a minute or two.\n' "$venv" "$("$python" -V)"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || fail \
        "$python cannot make virtual environments: its ensurepip or venv module is missing." \
        "On Debian and Ubuntu the package python3-venv brings it. Or name another Python: PYTHON=..."
    "$python" -m venv --clear "$venv" || fail "$venv could not be made; see above."
fi

rm -f "$mark"
export PIP_DISABLE_PIP_VERSION_CHECK=1
[ $# -gt 0 ] || set -- constraints.txt
install --progress-bar off -c constraints.txt $(printf ' -r %s' "$@")
# The package as it stands here, also for the programs that are started there.
echo "$(pwd -P)/generated" >"$(echo "$venv"/lib/python3*/site-packages)/portal_v1_here.pth"
pwd -P >"$mark"
