#!/bin/sh
# No source file has more than 600 lines.
set -u
top=$(cd "${srcdir:-.}" && pwd) || exit 1
cd "$top" || exit 1
rc=0
for dir in src tests bench script; do
	[ -d "$dir" ] || continue
	long=$(find "$dir" \( -name '*.[ch]' -o -name '*.lua' -o -name '*.py' -o -name '*.sh' \) -type f \
		-exec awk 'END { if (NR > 600) print FILENAME ": " NR " lines" }' {} \;)
	[ -z "$long" ] || { printf '%s\n' "$long"; rc=1; }
done
exit $rc
