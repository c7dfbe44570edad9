#include "base/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"

/* Of this host and boot, in this PID namespace. */
static int
identity_host(char *out, size_t size)
{
	char host[256], ns[64];
	struct buf boot = {0};
	ssize_t n = readlink("/proc/self/ns/pid", ns, sizeof ns - 1);
	int len;

	if (n < 0 || gethostname(host, sizeof host) != 0 ||
	    fs_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL) != 0) {
		buf_free(&boot);
		return -1;
	}
	ns[n] = '\0';
	host[sizeof host - 1] = '\0';
	len = snprintf(out, size, "%s/%.36s/%s/", host, buf_str(&boot), ns);
	buf_free(&boot);
	return len > 0 && (size_t)len < size ? len : -1;
}

/* Field 22 of /proc/PID/stat (proc(5)): ticks after boot. 0 when there is no such process. */
static unsigned long long
start_time(long pid)
{
	unsigned long long t = 0;
	struct buf stat = {0};
	char path[64];
	const char *s;

	(void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	if (fs_read(path, 8192, &stat, NULL) != 0 || (s = strrchr(buf_str(&stat), ')')) == NULL) {
		buf_free(&stat);
		return 0;
	}
	/* The name in parentheses may hold anything; what follows is field 3. */
	for (int field = 2; field < 22 && s != NULL; field++)
		s = strchr(s + 1, ' ');
	if (s != NULL)
		t = strtoull(s + 1, NULL, 10);
	buf_free(&stat);
	return t;
}

void
identity_self(char *out, size_t size)
{
	int n = identity_host(out, size);

	if (n < 0) {
		(void)snprintf(out, size, "unknown");
		return;
	}
	(void)snprintf(out + n, size - (size_t)n, "%ld/%llu", (long)getpid(), start_time(getpid()));
}

bool
identity_dead(const char *identity)
{
	char host[512], *end;
	int n = identity_host(host, sizeof host);
	unsigned long long started;
	long pid;

	if (n < 0 || strncmp(identity, host, (size_t)n) != 0)
		return false;
	pid = strtol(identity + n, &end, 10);
	if (pid <= 0 || *end != '/')
		return false;
	started = strtoull(end + 1, NULL, 10);
	return started != 0 && start_time(pid) != started;
}
