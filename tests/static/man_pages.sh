#!/bin/sh
# Every man page passes mandoc's lint.
set -u
top=$(cd "${srcdir:-.}" && pwd) || exit 1
command -v mandoc >/dev/null || { echo "mandoc is not installed"; exit 77; }
rc=0
for page in "$top"/doc/*.[1-9]; do
	[ -f "$page" ] || continue
	said=$(mandoc -T lint -W warning "$page")
	[ -z "$said" ] || { printf '%s\n' "$said"; rc=1; }
done
exit $rc
