# What script/run and script/test share; sourced by bash, with the repository's root in $top.
# shellcheck shell=bash disable=SC2034,SC2154

BUILD_PACKAGES=(
	gcc libc6-dev make autoconf automake pkg-config
	libyaml-dev libpcre2-dev libhiredis-dev libgit2-dev libuv1-dev libmicrohttpd-dev nettle-dev libssl-dev libbsd-dev
	libcurl4-openssl-dev libsystemd-dev libsqlite3-dev redis-server git
)
TEST_PACKAGES=(
	"${BUILD_PACKAGES[@]}" clang libcmocka-dev xz-utils
	python3 python3-pytest python3-redis python3-yaml python3-jsonschema python3-hypothesis python3-watchdog
	jq mandoc shellcheck strace systemd vim openssl
)

jobs=$(nproc 2>/dev/null || echo 2)

say() {
	printf '==> %s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# The packages among the arguments that are not installed, one a line.
packages_missing() {
	local p
	for p in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
	done
}

# Installs what is missing of the arguments; asks for root only then. Never starts the system's redis-server.
packages_install() {
	local missing root=() masked=
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		say "no apt here: taking for granted that these or their likes are installed: $*"
		return 0
	fi
	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing packages: ${missing[*]}"
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || die "root is needed to install packages; as root: apt-get install ${missing[*]}"
		root=(sudo)
	fi
	if [ -d /run/systemd/system ] && [[ " ${missing[*]} " = *" redis-server "* ]]; then
		"${root[@]}" systemctl mask --runtime redis-server.service >/dev/null 2>&1 && masked=1
	fi
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null ||
		say "apt-get update failed; trying with the lists that are here"
	local rc=0
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -y -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" </dev/null || rc=$?
	if [ -n "$masked" ]; then
		"${root[@]}" systemctl unmask --runtime redis-server.service >/dev/null 2>&1 || true
	fi
	[ "$rc" -eq 0 ] || die "apt-get install failed; --no-install goes on without"
}

# tree_configured DIR: was ./configure run in DIR?
tree_configured() {
	[ -x "$top/configure" ] && [ -f "$1/Makefile" ]
}

# tree_configure DIR [ARGUMENT...]: makes ./configure if it is not there, then runs it in DIR unless
# it was run there with these arguments; what was built with others is removed.
tree_configure() {
	local dir=$1
	shift
	if tree_configured "$dir" && [ "$(cat "$dir/.configured" 2>/dev/null)" = "$*" ]; then
		return 0
	fi
	[ -x "$top/configure" ] || (cd "$top" && ./autogen.sh) || return 1
	local again=no
	tree_configured "$dir" && again=yes
	mkdir -p "$dir" && (cd "$dir" && "$top/configure" "$@") || return 1
	[ $again = no ] || make -C "$dir" clean || return 1
	echo "$*" >"$dir/.configured"
}
