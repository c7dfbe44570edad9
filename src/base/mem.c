#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
mem_die(void)
{
	(void)fputs("out of memory\n", stderr);
	abort();
}

void *
mem_alloc(size_t size)
{
	void *p = malloc(size != 0 ? size : 1);

	if (p == NULL)
		mem_die();
	return p;
}

void *
mem_zalloc(size_t size)
{
	void *p = calloc(1, size != 0 ? size : 1);

	if (p == NULL)
		mem_die();
	return p;
}

void *
mem_realloc(void *p, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		mem_die();
	p = realloc(p, count * size != 0 ? count * size : 1);
	if (p == NULL)
		mem_die();
	return p;
}

char *
mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *
mem_strndup(const char *s, size_t n)
{
	char *p = mem_alloc(n + 1);

	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *
mem_strdup_opt(const char *s)
{
	return s != NULL ? mem_strdup(s) : NULL;
}

char *
mem_vprintf(const char *fmt, va_list ap)
{
	char *p;

	if (vasprintf(&p, fmt, ap) < 0)
		mem_die();
	return p;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = mem_vprintf(fmt, ap);
	va_end(ap);
	return p;
}
