#!/bin/sh
# Makes the environment in which httpx2 is installed and httpx is not, or brings it up to date.
#
# usage: httpx2.sh PYTHON VENV
#
# PYTHON is the interpreter to make it with. Run it from the repository's root. Nothing is done,
# nor said, where the environment is complete.
set -eu

[ $# -eq 2 ] || { echo "usage: httpx2.sh PYTHON VENV" >&2; exit 1; }
python=$1
venv=$2
mark=$venv/.complete
list=scripts/_support/httpx2.txt

if [ "$(cat "$mark" 2>/dev/null)" = "$(pwd -P)" ] && "$venv/bin/python" -c "" 2>/dev/null &&
    [ "$mark" -nt "$list" ] && [ "$mark" -nt constraints.txt ] && [ "$mark" -nt "$0" ]; then
    exit 0
fi
printf 'setup: making %s, where httpx2 takes the place of httpx.\n' "$venv"
"$python" -m venv --clear "$venv"
PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/python" -m pip install -qq \
    --constraint constraints.txt --requirement "$list"
if "$venv/bin/python" -c "import httpx" 2>/dev/null; then
    echo "setup: httpx came along into $venv, so nothing would be shown there." >&2
    exit 1
fi
# The package as it stands here, also for the programs that the tests start.
"$venv/bin/python" -c '
import pathlib, sys, sysconfig
path = pathlib.Path(sysconfig.get_path("purelib"), "portal_v1_here.pth")
path.write_text(str(pathlib.Path("generated").resolve()) + "\n")
'
pwd -P >"$mark"
