#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level log_threshold = LOG_LEVEL_INFO;

static const struct {
	const char *word;
	int priority; /* syslog(3) */
} log_levels[] = {
    [LOG_LEVEL_ERROR] = {"error", 3},
    [LOG_LEVEL_WARNING] = {"warning", 4},
    [LOG_LEVEL_INFO] = {"info", 6},
    [LOG_LEVEL_DEBUG] = {"debug", 7},
};

void
log_set_level(enum log_level level)
{
	log_threshold = level;
}

enum log_level
log_get_level(void)
{
	return log_threshold;
}

int
log_level_parse(const char *word, enum log_level *ret_level)
{
	for (size_t i = 0; i < sizeof log_levels / sizeof log_levels[0]; i++) {
		if (strcmp(word, log_levels[i].word) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

static void __attribute__((format(printf, 2, 0))) log_write(enum log_level level, const char *fmt, va_list ap)
{
	char line[4096];
	size_t n = 0;
	int r;

	if (level > log_threshold)
		return;
	if (isatty(STDERR_FILENO) != 0) {
		time_t now = time(NULL);
		struct tm tm;

		(void)localtime_r(&now, &tm);
		n = strftime(line, sizeof line, "%H:%M:%S ", &tm);
		r = snprintf(line + n, sizeof line - n, "%-7s ", log_levels[level].word);
	} else {
		r = snprintf(line, sizeof line, "<%d>", log_levels[level].priority);
	}
	n += (size_t)r;
	r = vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
	if (r > 0) {
		size_t room = sizeof line - n - 2;

		for (char *s = line + n; *s != '\0'; s++)
			if (*s == '\n')
				*s = ' ';
		n += (size_t)r < room ? (size_t)r : room;
	}
	line[n++] = '\n';
	/* One write, so that lines of several processes do not mix; a lost log line is no reason to stop. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

#define LOG_FUNCTION(name, level)          \
	void name(const char *fmt, ...)    \
	{                                  \
		va_list ap;                \
		va_start(ap, fmt);         \
		log_write(level, fmt, ap); \
		va_end(ap);                \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
