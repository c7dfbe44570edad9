#!/bin/sh
# The shipped units load without a warning and the system ones are exposed by at most 1.0 (systemd-analyze(1)).
set -u
top=$(cd "${srcdir:-.}" && pwd) || exit 1
command -v systemd-analyze >/dev/null || { echo "systemd-analyze is not installed"; exit 77; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
rc=0

# verify NAME OPTION...: the unit, with a program that exists on every machine in the place of its own.
verify() {
	unit=$1
	shift
	mkdir -p "$dir/${unit%/*}"
	sed -E 's,^(Exec[A-Za-z]+=)[^ ]+,\1/bin/true,' "$top/systemd/$unit" >"$dir/$unit"
	said=$(systemd-analyze verify --man=no "$@" "$dir/$unit" 2>&1 | grep -F "$(basename "$unit" .service | tr -d @)")
	[ -z "$said" ] || { printf 'systemd/%s: %s\n' "$unit" "$said"; rc=1; }
}

verify ./shelfd.service
verify ./shelfd@.service
verify user/shelfd.service --user

for unit in shelfd.service shelfd@.service; do
	said=$(systemd-analyze security --offline=yes --no-pager "$top/systemd/$unit" 2>&1 | grep 'Overall exposure level')
	level=$(printf '%s\n' "$said" | sed 's/.*: \([0-9.]*\) .*/\1/')
	[ -n "$level" ] || { echo "systemd-analyze security is too old for offline use"; exit 77; }
	echo "systemd/$unit: exposure $level"
	awk -v l="$level" 'BEGIN { exit !(l + 0 <= 1.0) }' || { echo "more than 1.0"; rc=1; }
done
exit $rc
