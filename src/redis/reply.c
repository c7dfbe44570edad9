#include "redis/reply.h"

#include <string.h>

/* "@user_script: 12: " with or without the first blank; NULL where s does not begin so. */
static const char *
after_script_line(const char *s)
{
	static const char place[] = "@user_script:";
	size_t n = sizeof place - 1;

	if (strncmp(s, place, n) != 0)
		return NULL;
	n += strspn(s + n, " ");
	n += strspn(s + n, "0123456789");
	return strncmp(s + n, ": ", 2) == 0 ? s + n + 2 : NULL;
}

const char *
reply_error(const redisReply *r)
{
	static const char wrap[] = "ERR Error running script (call to ", wrap_end[] = "): ";
	const char *s, *next;
	size_t word;

	if (r->type != REDIS_REPLY_ERROR)
		return "";
	/* A script that gave out the error itself did so without the wrap. */
	s = strncmp(r->str, wrap, sizeof wrap - 1) == 0 ? strstr(r->str, wrap_end) : NULL;
	s = after_script_line(s != NULL ? s + sizeof wrap_end - 1 : r->str);
	if (s == NULL)
		return r->str;
	/* A command that was refused before it ran has the line a second time, and its error as it goes over the wire. */
	next = after_script_line(s);
	if (next != NULL)
		s = next;
	if (*s == '-')
		s++;
	word = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return word > 0 && s[word] == ' ' ? s : r->str;
}

void
reply_error_word(const redisReply *r, char out[32])
{
	const char *s = reply_error(r);
	size_t n = strcspn(s, " ");

	if (n > 31)
		n = 31;
	memcpy(out, s, n);
	out[n] = '\0';
}
