#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs the Debian packages of a list that are missing, and says what it does.
#
#     firmware/deps.sh firmware/packages
set -eu

wanted=$(sed 's/#.*//' "$1")
missing=
for package in $wanted; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || :)
    [ "$status" = installed ] || missing="$missing $package"
done

if [ -z "$missing" ]; then
    echo "deps: all $(echo "$wanted" | wc -w) packages of $1 are installed"
    exit 0
fi

echo "deps: installing with apt-get, which can take minutes:$missing"
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "deps: not root, and there is no sudo: run this as root:" \
            "apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
    as_root=sudo
fi

# Packages must not stop to ask: there may be nobody to answer.  Their progress is
# left out, their errors are not.
quietly() {
    $as_root env DEBIAN_FRONTEND=noninteractive "$@" </dev/null >/dev/null
}
quietly apt-get update -qq
# shellcheck disable=SC2086  # a list of words, as meant
quietly apt-get install -qq --yes --no-install-recommends $missing
echo "deps: installed$missing"
