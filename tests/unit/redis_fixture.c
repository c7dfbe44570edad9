#include "redis_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "redis/embedded.h"

#define DEADLINE (20 * USEC_PER_SEC)
#define WORDS 32

static _Noreturn void
give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "%s: %s\n", what, why);
	abort();
}

void
server_start(struct server *s)
{
	const struct redis_access access = {.url = s->url};
	usec_t deadline = clock_now() + DEADLINE;
	struct err e;
	char **argv = embedded_argv(s->dir, s->dir, &e);

	if (argv == NULL)
		give_up("redis-server", e.msg);
	s->pid = fork();
	if (s->pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(null, STDOUT_FILENO);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	embedded_argv_free(argv);
	while ((s->client = client_open(&access, USEC_PER_SEC, &e)) == NULL) {
		if (s->pid < 0 || waitpid(s->pid, NULL, WNOHANG) != 0 || clock_now() > deadline)
			give_up("redis-server", e.msg);
		(void)poll(NULL, 0, 5);
	}
	/* It answers "LOADING" until its data is read. */
	for (;;) {
		char *pong = server_ask(s, "PING");
		bool ok = strcmp(pong, "PONG") == 0;

		free(pong);
		if (ok)
			return;
		if (clock_now() > deadline)
			give_up("redis-server", "still loading");
	}
}

void
server_stop(struct server *s)
{
	client_free(s->client);
	s->client = NULL;
	if (s->pid > 0) {
		(void)kill(s->pid, SIGTERM);
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	s->pid = 0;
}

struct server *
server_new(void)
{
	struct server *s = mem_zalloc(sizeof *s);
	char **argv = embedded_argv("/", "/", NULL);

	if (argv == NULL) {
		free(s);
		return NULL;
	}
	embedded_argv_free(argv);
	(void)snprintf(s->dir, sizeof s->dir, "/tmp/shelfd-redis-XXXXXX");
	if (mkdtemp(s->dir) == NULL)
		give_up(s->dir, strerror(errno));
	s->socket = embedded_socket(s->dir);
	s->url = (struct redis_url){.scheme = REDIS_UNIX, .path = s->socket};
	server_start(s);
	return s;
}

void
server_free(struct server *s)
{
	char *argv[] = {(char[]){"rm"}, (char[]){"-rf"}, s->dir, NULL};
	pid_t pid;

	server_stop(s);
	pid = fork();
	if (pid == 0) {
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
	free(s->socket);
	free(s);
}

static void
describe(const redisReply *r, struct buf *out)
{
	switch (r->type) {
	case REDIS_REPLY_INTEGER:
		buf_addf(out, "%lld", r->integer);
		break;
	case REDIS_REPLY_NIL:
		buf_addstr(out, "(nil)");
		break;
	case REDIS_REPLY_ARRAY:
		buf_addch(out, '[');
		for (size_t i = 0; i < r->elements; i++) {
			if (i > 0)
				buf_addch(out, ' ');
			describe(r->element[i], out);
		}
		buf_addch(out, ']');
		break;
	default:
		buf_add(out, r->str, (size_t)r->len);
		break;
	}
}

static redisReply *
server_run(struct server *s, const char *line)
{
	const char *argv[WORDS];
	size_t len[WORDS];
	redisReply *r;
	struct err e;
	int argc = 0;

	for (const char *p = line; *p != '\0' && argc < WORDS;) {
		argv[argc] = p;
		len[argc] = strcspn(p, " ");
		p += len[argc] + (p[len[argc]] == ' ');
		argc++;
	}
	r = client_call(s->client, argc, argv, len, &e);
	if (r == NULL)
		give_up(line, e.msg);
	return r;
}

char *
server_ask(struct server *s, const char *line)
{
	redisReply *r = server_run(s, line);
	struct buf b = {0};

	describe(r, &b);
	freeReplyObject(r);
	return buf_steal(&b);
}

long long
server_ask_number(struct server *s, const char *line)
{
	redisReply *r = server_run(s, line);
	long long v = r->integer;

	if (r->type != REDIS_REPLY_INTEGER)
		give_up(line, "no number");
	freeReplyObject(r);
	return v;
}

static int
compare_keys(const void *a, const void *b)
{
	const redisReply *x = *(redisReply *const *)a, *y = *(redisReply *const *)b;

	return strcmp(x->str, y->str);
}

char *
server_dump(struct server *s, const char *prefix)
{
	char *line = mem_printf("KEYS %s*", prefix);
	redisReply *keys = server_run(s, line);
	struct buf b = {0};

	free(line);
	if (keys->elements > 0)
		qsort(keys->element, keys->elements, sizeof(*keys->element), compare_keys);
	for (size_t i = 0; i < keys->elements; i++) {
		static const char *const how[][2] = {{"hash", "HGETALL %s"}, {"zset", "ZRANGE %s 0 -1 WITHSCORES"},
		    {"stream", "XRANGE %s - +"}, {"string", "GET %s"}};
		const char *key = keys->element[i]->str;
		char *type, *value = NULL;

		line = mem_printf("TYPE %s", key);
		type = server_ask(s, line);
		free(line);
		for (size_t k = 0; k < sizeof how / sizeof *how; k++) {
			if (strcmp(how[k][0], type) != 0)
				continue;
			line = mem_printf(
			    "%.*s%s%s", (int)strcspn(how[k][1], "%"), how[k][1], key, strchr(how[k][1], '%') + 2);
			value = server_ask(s, line);
			free(line);
		}
		buf_addf(&b, "%s %s\n", key, value != NULL ? value : "?");
		free(type);
		free(value);
	}
	freeReplyObject(keys);
	return buf_steal(&b);
}

/* Copy text to *at, which moves behind it. */
static char *
place(char **at, const char *text)
{
	size_t n = strlen(text) + 1;
	char *to = *at;

	memcpy(to, text, n);
	*at += n;
	return to;
}

struct item *
make_item(const char *type, const char *id, const char *content)
{
	/* As manifest_parse makes one: the strings stand in the manifest's own memory. */
	struct manifest *m = mem_zalloc(sizeof *m + 2 * (strlen(id) + strlen(content)) + 64);
	char *at_text = (char *)(m + 1), *path = mem_printf("%ss/%s.md", type, id);
	char *metadata = mem_printf("{\"content\":\"%s\"}", content);
	struct item_place at = {.source = "main", .path = path, .files = 1, .git_state = GIT_STATE_MODIFIED};
	struct item *it;

	m->refs = 1;
	m->ok = true;
	m->size = strlen(content);
	m->id = place(&at_text, id);
	m->name = place(&at_text, id);
	m->description = (struct slice){place(&at_text, content), strlen(content)};
	m->status = place(&at_text, "published");
	m->metadata = place(&at_text, metadata);
	free(metadata);
	sha256(content, strlen(content), m->sha256);
	sha256(m->metadata, strlen(m->metadata), m->metadata_sha256);
	sha_git_blob(content, strlen(content), m->git_blob);
	memcpy(at.bundle_sha256, m->sha256, SHA256_SIZE);
	it = item_new(type, m, &at);
	manifest_unref(m);
	free(path);
	return it;
}

static struct change *
put(struct changeset *cs, enum op op, const char *key, const struct published_item *pub)
{
	struct change *ch;

	cs->changes = mem_realloc(cs->changes, cs->n + 1, sizeof *cs->changes);
	ch = &cs->changes[cs->n++];
	*ch = (struct change){.op = op, .key = mem_strdup(key)};
	if (pub != NULL) {
		ch->before = face_dup(pub->face);
		ch->created_rev = pub->created_rev;
		memcpy(ch->created_at, pub->created_at, sizeof ch->created_at);
	}
	return ch;
}

void
put_change(struct changeset *cs, const struct published *p, const char *type, const char *id, const char *content)
{
	struct item *it = make_item(type, id, content);
	const struct published_item *pub = published_get(p, it->key);
	struct change *ch = put(cs, pub != NULL ? OP_UPDATED : OP_CREATED, it->key, pub);

	ch->item = it;
	ch->after = &it->face;
}

void
put_patch(struct changeset *cs, const struct published *p, const char *key)
{
	const struct published_item *pub = published_get(p, key);
	struct change *ch = put(cs, OP_UPDATED, key, pub);

	ch->patch = true;
	ch->patched = face_dup(pub->face);
	ch->patched->stale = true;
	ch->after = ch->patched;
}

void
put_deletion(struct changeset *cs, const struct published *p, const char *key)
{
	put(cs, OP_DELETED, key, published_get(p, key));
}

void
put_problem(struct changeset *cs, const char *path, const char *json)
{
	cs->problems = mem_realloc(cs->problems, cs->n_problems + 1, sizeof *cs->problems);
	cs->problems[cs->n_problems++] = (struct problem_change){mem_strdup(path), mem_strdup_opt(json)};
}
