#include "manifest/line.h"

#include <string.h>

bool
lines_next(struct lines *ls, struct line *ret)
{
	const char *from, *lf;
	size_t left = ls->n - ls->at, n;

	if (left == 0)
		return false;
	from = ls->s + ls->at;
	lf = memchr(from, '\n', left);
	n = lf != NULL ? (size_t)(lf - from) : left;
	ls->at += lf != NULL ? n + 1 : n;
	if (n > 0 && from[n - 1] == '\r')
		n--;
	*ret = (struct line){from, n};
	return true;
}

size_t
line_indent(struct line l)
{
	size_t i = 0;

	while (i < l.n && (l.s[i] == ' ' || l.s[i] == '\t'))
		i++;
	return i;
}

bool
line_blank(struct line l)
{
	size_t i = 0;

	while (i < l.n && (l.s[i] == ' ' || (l.s[i] >= '\t' && l.s[i] <= '\r')))
		i++;
	return i == l.n;
}

size_t
line_key_colon(struct line l)
{
	for (size_t i = 0; i < l.n; i++)
		if (l.s[i] == ':' && (i + 1 == l.n || l.s[i + 1] == ' ' || l.s[i + 1] == '\t'))
			return i;
	return l.n;
}
