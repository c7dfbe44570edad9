/*
 * The seeds of a target through it, without a fuzzer: replay [-t] FILE|FOLDER...
 * With -t the time of the slowest is printed, and of the slowest when each is repeated up to 1 MiB.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "fuzz.h"

struct slowest {
	double ms;
	char name[512];
};

static size_t seen;
static bool timed;
static struct slowest as_it_is, repeated;

static double
cpu_ms(void)
{
	struct timespec t;

	MUST(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
measure(struct slowest *s, const char *name, const struct buf *b)
{
	double from = cpu_ms(), ms;

	(void)LLVMFuzzerTestOneInput((const uint8_t *)buf_str(b), b->n);
	ms = cpu_ms() - from;
	if (ms <= s->ms)
		return;
	s->ms = ms;
	(void)snprintf(s->name, sizeof s->name, "%s", name);
}

static void
replay_file(const char *path)
{
	struct buf b = {0}, many = {0};
	FILE *f = fopen(path, "rb");
	size_t n;

	MUST(f != NULL);
	while ((n = fread(buf_reserve(&b, LIMIT_FILE), 1, LIMIT_FILE, f)) > 0)
		buf_commit(&b, n);
	(void)fclose(f);
	seen++;
	measure(&as_it_is, path, &b);
	while (timed && b.n > 0 && many.n + b.n <= LIMIT_FILE)
		buf_add(&many, b.p, b.n);
	if (timed && many.n > 0)
		measure(&repeated, path, &many);
	buf_free(&b);
	buf_free(&many);
}

static void
replay(const char *path)
{
	struct dirent *e;
	struct stat st;
	DIR *dir;

	MUST(stat(path, &st) == 0);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path);
		return;
	}
	dir = opendir(path);
	MUST(dir != NULL);
	while ((e = readdir(dir)) != NULL) {
		char *file;

		if (e->d_name[0] == '.')
			continue;
		file = mem_printf("%s/%s", path, e->d_name);
		replay_file(file);
		free(file);
	}
	(void)closedir(dir);
}

/* The seeds beside this source, when nothing is named. */
static void
replay_seeds(const char *program)
{
	const char *src = getenv("srcdir"), *slash = strrchr(program, '/');
	const char *target = strchr(slash != NULL ? slash : program, '_');
	char *folder;

	MUST(target != NULL);
	folder = mem_printf("%s/tests/fuzz/seeds/%s", src != NULL ? src : ".", target + 1);
	replay(folder);
	free(folder);
}

int
main(int argc, char **argv)
{
	int first = 1;

	timed = argc > 1 && strcmp(argv[1], "-t") == 0;
	first += timed;
	for (int i = first; i < argc; i++)
		replay(argv[i]);
	if (first == argc)
		replay_seeds(argv[0]);
	(void)printf("%zu inputs\n", seen);
	if (timed)
		(void)printf("%.2f ms %s\n%.2f ms %s, repeated up to 1 MiB\n", as_it_is.ms, as_it_is.name, repeated.ms,
		    repeated.name);
	MUST(seen > 0);
	return 0;
}
