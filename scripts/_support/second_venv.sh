#!/bin/sh
# Makes an environment beside the usual one, for what needs other packages, or brings it up to date.
#
# usage: second_venv.sh PYTHON VENV LIST...
#
# PYTHON is the interpreter to make it with, each LIST a file of the packages in it; versions that
# constraints.txt has are taken from there. Run it from the repository's root. Nothing is done,
# nor said, where the environment is complete.
set -eu

python=$1
venv=$2
shift 2
mark=$venv/.complete

changed=$(find "$0" constraints.txt "$@" -newer "$mark" 2>/dev/null) || changed=all
if [ -z "$changed" ] && [ "$(cat "$mark")" = "$(pwd -P)" ] && "$venv/bin/python" -c "" 2>/dev/null; then
    exit 0
fi
printf 'setup: making %s from %s.\n' "$venv" "$*"
"$python" -m venv --clear "$venv"
for list in "$@"; do
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/python" -m pip install -qq \
        --constraint constraints.txt --requirement "$list"
done
# The package as it stands here, also for the programs that are started there.
pwd -P | sed 's|$|/generated|' >"$(echo "$venv"/lib/python3*/site-packages)/portal_v1_here.pth"
pwd -P >"$mark"
