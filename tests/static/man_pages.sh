#!/bin/sh
# Every man page passes mandoc's lint.
set -u
top=$(cd "${srcdir:-.}" && pwd) || exit 1
command -v mandoc >/dev/null || { echo "mandoc is not installed"; exit 77; }
rc=0
for page in "$top"/doc/*.[1-9]; do
	[ -f "$page" ] || continue
	# Cross references to pages of programs that are not installed here are no fault.
	said=$(mandoc -T lint -W style "$page" | grep -v 'referenced manual not found')
	[ -z "$said" ] || { printf '%s\n' "$said"; rc=1; }
done
exit $rc
