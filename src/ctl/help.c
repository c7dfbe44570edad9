/* shelfctl help, and --help of each verb. */
#include "ctl/help.h"

#include <string.h>

#include "ctl/verbs.h"

static void
help_option(const struct out *o, struct buf *b, enum option_id id)
{
	const struct option_def *d = options_def(id);
	struct buf left = {0};

	if (d->letter != 0)
		buf_addf(&left, "-%c, ", d->letter);
	else
		buf_addstr(&left, "    ");
	buf_addf(
	    &left, "--%s%s%s", d->name, d->arg != NULL && d->arg[0] != '[' ? " " : "", d->arg != NULL ? d->arg : "");
	buf_addstr(b, "  ");
	out_add(o, b, STYLE_BOLD, left.p);
	buf_addf(b, "%*s%s\n", left.n < 24 ? (int)(24 - left.n) : 2, "", d->help);
	buf_free(&left);
}

static void
help_globals(const struct out *o, struct buf *b)
{
	buf_addstr(b, "\noptions of every verb (before or after it):\n");
	for (int id = OPT_NONE + 1; id <= OPT_GLOBAL_LAST; id++)
		help_option(o, b, (enum option_id)id);
}

void
help_program(const struct out *o, struct buf *b)
{
	buf_addstr(b,
	    "usage: shelfctl [options] VERB [arguments]\n\n"
	    "Looks into a catalog of skills, MCP servers and tools that shelfd keeps in Redis.\n\nverbs:\n");
	for (const struct verb *v = verbs_all(); v->name != NULL; v++) {
		buf_addstr(b, "  ");
		out_add(o, b, STYLE_BOLD, v->name);
		buf_addf(b, " %s%*s%s\n", v->args, (int)(22 - strlen(v->name) - strlen(v->args)), "", v->summary);
	}
	help_globals(o, b);
	buf_addstr(b,
	    "\nexit codes: 0 ok, 1 failure, 2 usage, 3 daemon not running, 4 permission, 5 findings,\n"
	    "6 Redis unreachable, 7 time-out\n\n\"shelfctl help VERB\" tells more, shelfctl(1) all.\n");
}

void
help_verb(const struct out *o, struct buf *b, const struct verb *v)
{
	bool own = v->options[0] != OPT_NONE;

	buf_addf(b, "usage: shelfctl %s%s%s%s\n\n%s\n", v->name, own ? " [options]" : "", v->args[0] != '\0' ? " " : "",
	    v->args, v->text);
	if (own)
		buf_addstr(b, "options:\n");
	for (size_t i = 0; v->options[i] != OPT_NONE; i++)
		help_option(o, b, v->options[i]);
	if (own)
		buf_addch(b, '\n');
	buf_addstr(b, "examples:\n");
	for (const char *line = v->examples; *line != '\0';) {
		size_t len = strcspn(line, "\n") + 1;

		buf_addstr(b, "  ");
		buf_add(b, line, len);
		line += len;
	}
	help_globals(o, b);
}

int
help_unknown(const char *word)
{
	const char *near = verbs_nearest(word);

	if (near != NULL)
		out_say("unknown verb %s; did you mean %s?", word, near);
	else
		out_say("unknown verb %s; \"shelfctl help\" lists them", word);
	return CTL_USAGE;
}

int
verb_help(struct ctl *c, int argc, const char *const *argv)
{
	const struct verb *v = argc > 0 ? verbs_find(argv[0]) : NULL;
	struct buf b = {0};

	if (argc > 0 && v == NULL)
		return help_unknown(argv[0]);
	if (v != NULL)
		help_verb(&c->out, &b, v);
	else
		help_program(&c->out, &b);
	out_write(&b);
	buf_free(&b);
	return CTL_OK;
}
