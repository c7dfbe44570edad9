/*
 * shelfctl completion: the script of a shell, and what may stand at the last
 * of some words, so that scripts know nothing that the tables know.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ctl/completion_bash.h"
#include "ctl/store.h"
#include "ctl/verbs.h"
#include "manifest/codes.h"
#include "manifest/dialect.h"

#define COMPLETION_TIMEOUT (500 * USEC_PER_MS) /* a person waits with the finger on the key */

struct words {
	struct buf b;
	const char *prefix;
};

static void
words_add(struct words *w, const char *before, const char *word)
{
	char *line = mem_printf("%s%s", before, word);
	struct buf safe = {0};

	/* Ids come from Redis: one that needs escaping is left for people to type. */
	text_escape(&safe, line, strlen(line));
	if (strcmp(buf_str(&safe), line) == 0 && strncmp(line, w->prefix, strlen(w->prefix)) == 0)
		buf_addf(&w->b, "%s\n", line);
	buf_free(&safe);
	free(line);
}

static void
words_add_list(struct words *w, const char *before, const char *const *list)
{
	for (; *list != NULL; list++)
		words_add(w, before, *list);
}

static void
words_verbs(struct words *w)
{
	for (const struct verb *v = verbs_all(); v->name != NULL; v++)
		words_add(w, "", v->name);
}

static void
words_options(struct words *w, const struct verb *v)
{
	for (int id = OPT_NONE + 1; id <= OPT_GLOBAL_LAST; id++)
		words_add(w, "--", options_def((enum option_id)id)->name);
	for (size_t i = 0; v != NULL && v->options[i] != OPT_NONE; i++)
		if (v->options[i] != OPT_WORDS)
			words_add(w, "--", options_def(v->options[i])->name);
}

static void
words_codes(struct words *w)
{
	size_t n;
	const struct code *rows = code_all(&n);

	for (size_t i = 0; i < n; i++)
		words_add(w, "", rows[i].code);
}

/* Types or items of the catalog; nothing where Redis does not answer. */
static void
words_catalog(struct words *w, struct ctl *c, const char *before, bool items)
{
	struct store r = {0};
	struct strings list = {0};
	struct err e;

	if (session_settings(c) != CTL_OK ||
	    session_redis_try(c, usec_min(COMPLETION_TIMEOUT, c->settings.redis.timeout), &r.client, &e) != 0)
		return;
	r.catalog = c->settings.catalog;
	if ((items ? store_keys(&r, NULL, &list, &e) : store_types(&r, &list, &e)) == 0)
		for (size_t i = 0; i < list.n; i++)
			words_add(w, before, list.v[i]);
	strings_free(&list);
	client_free(r.client);
}

/* Dialects that have a schema; files where none fits. */
static void
words_schemas(struct words *w, struct ctl *c, const char *before)
{
	const char *name;

	if (session_dialects(c) == CTL_OK)
		for (size_t i = 0; (name = dialects_name(c->settings.dialects, i)) != NULL; i++)
			words_add(w, before, name);
	if (w->b.n == 0)
		buf_addstr(&w->b, ":file\n");
}

/* What can be the value of an option. */
static void
words_value(struct words *w, struct ctl *c, const char *before, enum option_id id, const struct verb *v)
{
	static const char *const color[] = {"auto", "always", "never", NULL};
	static const char *const type[] = {"skill", "mcp", "tool", NULL};
	static const char *const lint[] = {"text", "json", "sarif", "github", NULL};
	static const char *const drafts[] = {"7", "2020-12", NULL};
	static const char *const parse[] = {"markdown", "yaml", "json", NULL};

	switch (id) {
	case OPT_COLOR:
		words_add_list(w, before, color);
		break;
	case OPT_TYPE:
		if (v != NULL && strcmp(v->name, "watch") == 0)
			words_catalog(w, c, before, false);
		else
			words_add_list(w, before, type);
		break;
	case OPT_FORMAT:
		words_add_list(w, before, v != NULL && strcmp(v->name, "lint") != 0 ? parse : lint);
		break;
	case OPT_SCHEMA:
		words_schemas(w, c, before);
		break;
	case OPT_DRAFT:
		words_add_list(w, before, drafts);
		break;
	case OPT_CONFIG:
	case OPT_ROOT:
	case OPT_SCHEMAS:
	case OPT_SOCKET:
		buf_addstr(&w->b, ":file\n");
		break;
	default:
		break;
	}
}

static void
words_argument(struct words *w, struct ctl *c, const struct verb *v)
{
	static const char *const shells[] = {"bash", NULL};

	if (strcmp(v->name, "ls") == 0)
		words_catalog(w, c, "", false);
	else if (strcmp(v->name, "show") == 0 || strcmp(v->name, "history") == 0)
		words_catalog(w, c, "", true);
	else if (strcmp(v->name, "explain") == 0)
		words_codes(w);
	else if (strcmp(v->name, "help") == 0)
		words_verbs(w);
	else if (strcmp(v->name, "completion") == 0)
		words_add_list(w, "", shells);
	else if (v->max_args != 0)
		buf_addstr(&w->b, ":file\n");
}

/* The option that a word is and whose value follows in the next word. */
static enum option_id
words_waiting(const char *word)
{
	if (word[0] != '-' || word[1] == '\0')
		return OPT_NONE;
	for (int id = OPT_NONE + 1; id < OPT_COUNT_OF; id++) {
		const struct option_def *d = options_def((enum option_id)id);

		if (d->arg == NULL || d->arg[0] == '[')
			continue;
		if (word[1] == '-' ? strcmp(word + 2, d->name) == 0 : word[1] == d->letter && word[2] == '\0')
			return (enum option_id)id;
	}
	return OPT_NONE;
}

/* One word: an option, its value, or an argument of the verb (NULL: the verb itself). */
static void
words_at(struct words *w, struct ctl *c, const char *before, const struct verb *v)
{
	enum option_id waiting = before != NULL ? words_waiting(before) : OPT_NONE;
	const char *eq = strncmp(w->prefix, "--", 2) == 0 ? strchr(w->prefix, '=') : NULL;

	if (waiting != OPT_NONE) {
		words_value(w, c, "", waiting, v);
	} else if (eq != NULL) {
		char *name = mem_strndup(w->prefix, (size_t)(eq - w->prefix)), *with = mem_printf("%s=", name);

		words_value(w, c, with, words_waiting(name), v);
		free(with);
		free(name);
	} else if (w->prefix[0] == '-') {
		words_options(w, v);
	} else if (v == NULL) {
		words_verbs(w);
	} else {
		words_argument(w, c, v);
	}
}

static int
completion_words(struct ctl *c, int argc, const char *const *argv)
{
	const struct options *own = c->opt;
	struct options o;
	struct words w = {.prefix = argc > 0 ? argv[argc - 1] : ""};
	struct err e;

	/*
	 * What stands on the line already counts: shelfctl --redis URL show <TAB>. An
	 * error there is for later. argv[-1] is our own verb, in the place of a program's name.
	 */
	(void)options_read(&o, argc, argv - 1, &e);
	c->opt = &o;
	words_at(&w, c, argc > 1 ? argv[argc - 2] : NULL, o.n_args > 0 ? verbs_find(o.args[0]) : NULL);
	c->opt = own;
	out_write(&w.b);
	buf_free(&w.b);
	options_free(&o);
	return CTL_OK;
}

int
verb_completion(struct ctl *c, int argc, const char *const *argv)
{
	struct buf b = {0};

	if (session_flag(c, OPT_WORDS))
		return completion_words(c, argc, argv);
	if (argc != 1) {
		out_say("usage: shelfctl completion SHELL");
		return CTL_USAGE;
	}
	if (strcmp(argv[0], "bash") != 0) {
		out_say("no completion for %s; there is one for bash", argv[0]);
		return CTL_USAGE;
	}
	buf_addstr(&b, completion_bash);
	out_write(&b);
	buf_free(&b);
	return CTL_OK;
}
