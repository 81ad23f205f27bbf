#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs the example and compares what it prints; and sees to it that the README shows the
# program as it is.
#
#     pagetables/example/check.sh PROGRAM
set -eu
here=pagetables/example

"$1" | diff -u $here/expected.txt - || {
    echo "example: $1 doesn't print $here/expected.txt" >&2
    exit 1
}
# The README's block in C: the main function, without its braces, not indented.
shown=$(sed -n '/^```c$/,/^```$/p' README.md | sed '1d;$d')
run=$(sed -n '/^int main/,/^}/p' $here/example.c | sed '1,2d;$d;s/^    //')
[ "$shown" = "$run" ] || {
    echo "example: README.md shows another program than main() in $here/example.c: copy it" >&2
    exit 1
}
lines=$(wc -l <$here/example.c)
[ "$lines" -lt 60 ] || {
    echo "example: $here/example.c has $lines lines; a reader was promised under 60" >&2
    exit 1
}
echo "example: $lines lines, prints what it should, and is what the README shows"
