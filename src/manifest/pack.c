#include "manifest/pack.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "manifest/codes.h"

#define STRINGS 8
#define METADATA 7 /* of them */

static const size_t string_members[STRINGS] = {
    offsetof(struct manifest, id),
    offsetof(struct manifest, name),
    offsetof(struct manifest, version),
    offsetof(struct manifest, owner),
    offsetof(struct manifest, status),
    offsetof(struct manifest, dependencies),
    offsetof(struct manifest, tags),
    [METADATA] = offsetof(struct manifest, metadata),
};

/* Followed by the strings, then by the problems. */
struct packed {
	uint64_t size;
	uint32_t at[STRINGS]; /* in the strings, counted from 1; 0: there is none */
	uint32_t strings; /* bytes, with a NUL behind each */
	uint32_t description, description_n; /* as at, and bytes */
	uint16_t problems;
	uint8_t ok, truncated;
	uint8_t sha256[SHA256_SIZE], metadata_sha256[SHA256_SIZE], git_blob[GIT_ID_SIZE];
};

/* Followed by code, message, and as the flags say pointer and hint, each with its NUL. */
struct packed_problem {
	int32_t line, column;
	uint8_t severity, has_pointer, has_hint, unused;
};

#ifdef __LP64__
/* Whoever adds a member packs it as well. */
static_assert(sizeof(struct manifest) == 224 && sizeof(struct problem) == 48, "see manifest_pack");
#endif

static const char *
string_of(const struct manifest *m, size_t k)
{
	const char *s;

	memcpy(&s, (const char *)m + string_members[k], sizeof s);
	return s;
}

static void
pack_problem(const struct problem *p, struct buf *out)
{
	const struct packed_problem head = {
	    .line = p->line,
	    .column = p->column,
	    .severity = (uint8_t)p->severity,
	    .has_pointer = p->pointer != NULL,
	    .has_hint = p->hint != NULL,
	};

	buf_add(out, &head, sizeof head);
	buf_add(out, p->code, strlen(p->code) + 1);
	buf_add(out, p->message, strlen(p->message) + 1);
	if (p->pointer != NULL)
		buf_add(out, p->pointer, strlen(p->pointer) + 1);
	if (p->hint != NULL)
		buf_add(out, p->hint, strlen(p->hint) + 1);
}

/* Where it is among the strings from that offset in out: in metadata, when that has it. */
static uint32_t
pack_description(const struct manifest *m, size_t strings, const struct packed *head, struct buf *out)
{
	const char *s = m->description.p;

	if (s == NULL)
		return 0;
	if (m->metadata != NULL && s >= m->metadata && s < m->metadata + strlen(m->metadata))
		return head->at[METADATA] + (uint32_t)(s - m->metadata);
	buf_add(out, s, m->description.n);
	buf_addch(out, '\0');
	return (uint32_t)(out->n - strings - m->description.n);
}

void
manifest_pack(const struct manifest *m, struct buf *out)
{
	struct packed head = {
	    .size = m->size,
	    .problems = (uint16_t)m->problems.n,
	    .ok = m->ok,
	    .truncated = m->problems.truncated,
	};
	size_t at = out->n, strings;

	memcpy(head.sha256, m->sha256, sizeof head.sha256);
	memcpy(head.metadata_sha256, m->metadata_sha256, sizeof head.metadata_sha256);
	memcpy(head.git_blob, m->git_blob, sizeof head.git_blob);
	buf_add(out, &head, sizeof head);
	strings = out->n;
	for (size_t k = 0; k < STRINGS; k++) {
		const char *s = string_of(m, k);

		if (s == NULL)
			continue;
		head.at[k] = (uint32_t)(out->n - strings + 1);
		buf_add(out, s, strlen(s) + 1);
	}
	head.description = pack_description(m, strings, &head, out);
	head.description_n = (uint32_t)m->description.n;
	head.strings = (uint32_t)(out->n - strings);
	memcpy(out->p + at, &head, sizeof head);
	for (size_t i = 0; i < m->problems.n; i++)
		pack_problem(&m->problems.v[i], out);
}

/* The next string of *at, which is moved behind it; NULL when none ends before end. */
static const char *
take_string(const char **at, const char *end)
{
	const char *s = *at, *nul = memchr(s, '\0', (size_t)(end - s));

	if (nul == NULL)
		return NULL;
	*at = nul + 1;
	return s;
}

static int
unpack_problem(struct problems *ps, const char **at, const char *end)
{
	const char *code, *message, *pointer = NULL, *hint = NULL;
	struct packed_problem head;

	if ((size_t)(end - *at) < sizeof head)
		return -1;
	memcpy(&head, *at, sizeof head);
	*at += sizeof head;
	code = take_string(at, end);
	message = code != NULL ? take_string(at, end) : NULL;
	if (message == NULL || code_find(code) == NULL || head.severity > SEVERITY_NOTE)
		return -1;
	if (head.has_pointer && (pointer = take_string(at, end)) == NULL)
		return -1;
	if (head.has_hint && (hint = take_string(at, end)) == NULL)
		return -1;
	problems_add(ps, code, (enum severity)head.severity, head.line, head.column, pointer, message, hint);
	return 0;
}

static int
unpack_problems(struct manifest *m, const struct packed *head, const char *at, const char *end)
{
	if (head->problems > LIMIT_PROBLEMS)
		return -1;
	for (unsigned i = 0; i < head->problems; i++)
		if (unpack_problem(&m->problems, &at, end) != 0)
			return -1;
	m->problems.truncated = head->truncated;
	return at == end ? 0 : -1;
}

static bool
strings_are_whole(const struct packed *head, const char *strings, size_t n)
{
	if (head->strings > n || (head->strings > 0 && strings[head->strings - 1] != '\0'))
		return false;
	for (size_t k = 0; k < STRINGS; k++)
		if (head->at[k] > head->strings)
			return false;
	return head->description <= head->strings &&
	    (head->description == 0 || head->description_n <= head->strings - head->description);
}

/* In one piece, as manifest_parse makes it. */
static struct manifest *
unpack_strings(const struct packed *head, const char *strings)
{
	struct manifest *m = mem_alloc(sizeof *m + head->strings);
	char *base = (char *)(m + 1);

	*m = (struct manifest){.refs = 1, .ok = head->ok, .size = head->size};
	memcpy(base, strings, head->strings);
	for (size_t k = 0; k < STRINGS; k++) {
		char *s = head->at[k] != 0 ? base + head->at[k] - 1 : NULL;

		memcpy((char *)m + string_members[k], &s, sizeof s);
	}
	if (head->description != 0)
		m->description = (struct slice){base + head->description - 1, head->description_n};
	memcpy(m->sha256, head->sha256, sizeof m->sha256);
	memcpy(m->metadata_sha256, head->metadata_sha256, sizeof m->metadata_sha256);
	memcpy(m->git_blob, head->git_blob, sizeof m->git_blob);
	return m;
}

struct manifest *
manifest_unpack(const char *bytes, size_t n)
{
	const char *strings = bytes + sizeof(struct packed);
	struct packed head;
	struct manifest *m;

	if (n < sizeof head)
		return NULL;
	memcpy(&head, bytes, sizeof head);
	if (!strings_are_whole(&head, strings, n - sizeof head))
		return NULL;
	m = unpack_strings(&head, strings);
	if (unpack_problems(m, &head, strings + head.strings, bytes + n) == 0 &&
	    m->ok == !problems_have_errors(&m->problems) &&
	    (!m->ok || (m->id != NULL && m->status != NULL && m->metadata != NULL)))
		return m;
	manifest_unref(m);
	return NULL;
}
