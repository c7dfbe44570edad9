#!/bin/sh
# The shell scripts pass shellcheck, the Python ones compile.
set -u
top=$(cd "${srcdir:-.}" && pwd) || exit 1
cd "$top" || exit 1
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }
rc=0
for f in autogen.sh .ci/run script/* bench/* tests/static/* tests/faults/run tests/fuzz/run; do
	[ -f "$f" ] || continue
	case $(head -n 1 "$f") in
	*sh) shellcheck -x "$f" || rc=1 ;;
	*python3) python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$f" || rc=1 ;;
	esac
done
exit $rc
