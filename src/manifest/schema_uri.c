#include "manifest/schema_uri.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* A part that is not there has p NULL. */
struct part {
	const char *p;
	size_t n;
};

struct uri {
	struct part scheme, authority, path, query, fragment;
};

static size_t
scheme_length(const char *s, size_t n)
{
	size_t i = 0;

	if (n == 0 || !isalpha((unsigned char)s[0]))
		return 0;
	while (i < n && (isalnum((unsigned char)s[i]) || s[i] == '+' || s[i] == '-' || s[i] == '.'))
		i++;
	return i < n && s[i] == ':' ? i : 0;
}

/* Take what stands before the first of stops. */
static struct part
part_until(const char **s, const char *end, const char *stops)
{
	struct part part = {.p = *s};

	while (*s < end && (**s == '\0' || strchr(stops, **s) == NULL))
		(*s)++;
	part.n = (size_t)(*s - part.p);
	return part;
}

/* RFC 3986, appendix B. */
static struct uri
uri_split(const char *s, size_t n)
{
	const char *end = s + n;
	size_t scheme = scheme_length(s, n);
	struct uri u = {0};

	if (scheme > 0) {
		u.scheme = (struct part){.p = s, .n = scheme};
		s += scheme + 1;
	}
	if (end - s >= 2 && s[0] == '/' && s[1] == '/') {
		s += 2;
		u.authority = part_until(&s, end, "/?#");
	}
	u.path = part_until(&s, end, "?#");
	if (s < end && *s == '?') {
		s++;
		u.query = part_until(&s, end, "#");
	}
	if (s < end)
		u.fragment = (struct part){.p = s + 1, .n = (size_t)(end - s) - 1};
	return u;
}

static bool
segment_is(const char *s, size_t n, const char *what)
{
	return strlen(what) == n && memcmp(s, what, n) == 0;
}

/* RFC 3986, 5.2.4: out holds a path that is made so from byte `from` on. */
static void
remove_dots(struct buf *out, size_t from, const char *path, size_t n)
{
	const char *end = path + n;

	while (path < end) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		size_t len = slash != NULL ? (size_t)(slash - path) : (size_t)(end - path);

		if (segment_is(path, len, "..")) {
			/* Back to the slash before the last segment; what stands there ends with a slash or is empty. */
			if (out->n > from + 1)
				out->n--;
			while (out->n > from + 1 && out->p[out->n - 1] != '/')
				out->n--;
			if (out->n > from)
				out->p[out->n] = '\0';
		} else if (!segment_is(path, len, ".")) {
			buf_add(out, path, len);
			if (slash != NULL)
				buf_addch(out, '/');
		}
		path += len + (slash != NULL);
	}
}

static void
add_part(struct buf *out, const char *before, struct part part, const char *after)
{
	if (part.p == NULL)
		return;
	buf_addstr(out, before);
	buf_add(out, part.p, part.n);
	buf_addstr(out, after);
}

/* The path of a reference that has no scheme and no authority (RFC 3986, 5.2.3). */
static void
add_path(struct buf *out, const struct uri *base, struct part path)
{
	struct buf merged = {0};
	size_t from = out->n;

	if (path.n == 0 || path.p[0] != '/') {
		const char *slash = base->path.n > 0 ? memrchr(base->path.p, '/', base->path.n) : NULL;

		if (slash != NULL)
			buf_add(&merged, base->path.p, (size_t)(slash - base->path.p) + 1);
		else if (base->authority.p != NULL)
			buf_addch(&merged, '/');
	}
	buf_add(&merged, path.p, path.n);
	remove_dots(out, from, buf_str(&merged), merged.n);
	buf_free(&merged);
}

char *
uri_resolve(const char *base, const char *ref, size_t n)
{
	struct uri r = uri_split(ref, n), b = uri_split(base, strlen(base));
	struct buf out = {0};

	if (r.scheme.p != NULL)
		return mem_strndup(ref, n);
	add_part(&out, "", b.scheme, ":");
	if (r.authority.p != NULL) {
		add_part(&out, "//", r.authority, "");
		remove_dots(&out, out.n, r.path.p, r.path.n);
		add_part(&out, "?", r.query, "");
	} else if (r.path.n > 0) {
		add_part(&out, "//", b.authority, "");
		add_path(&out, &b, r.path);
		add_part(&out, "?", r.query, "");
	} else {
		add_part(&out, "//", b.authority, "");
		add_part(&out, "", b.path, "");
		add_part(&out, "?", r.query.p != NULL ? r.query : b.query, "");
	}
	add_part(&out, "#", r.fragment, "");
	return buf_steal(&out);
}

char *
uri_cut_fragment(char *uri)
{
	char *hash = strchr(uri, '#');

	if (hash == NULL)
		return uri + strlen(uri);
	*hash = '\0';
	return hash + 1;
}
