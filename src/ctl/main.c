/* shelfctl: options, verb, run. */
#include <signal.h>
#include <stdio.h>

#include "ctl/help.h"
#include "ctl/session.h"
#include "ctl/verb.h"

static bool
main_takes(const struct verb *v, enum option_id id)
{
	if (id <= OPT_GLOBAL_LAST)
		return true;
	for (size_t i = 0; v->options[i] != OPT_NONE; i++)
		if (v->options[i] == id)
			return true;
	return false;
}

/* Does the command line fit the verb? */
static int
main_check(const struct verb *v, const struct options *o)
{
	int n = o->n_args - 1;

	for (int id = OPT_NONE + 1; id < OPT_COUNT_OF; id++) {
		if (o->value[id] != NULL && !main_takes(v, (enum option_id)id)) {
			out_say("%s has no option --%s; \"shelfctl help %s\" lists them", v->name,
			    options_def((enum option_id)id)->name, v->name);
			return CTL_USAGE;
		}
	}
	if (n < v->min_args || (v->max_args >= 0 && n > v->max_args)) {
		out_say("usage: shelfctl %s %s", v->name, v->args);
		return CTL_USAGE;
	}
	return CTL_OK;
}

static int
main_print(struct buf *b)
{
	out_write(b);
	buf_free(b);
	return CTL_OK;
}

static int
main_verb(struct ctl *c)
{
	const struct options *o = c->opt;
	const struct verb *v = verbs_find(o->args[0]);
	struct buf b = {0};
	int rc;

	if (v == NULL)
		return help_unknown(o->args[0]);
	if (session_flag(c, OPT_HELP)) {
		help_verb(&c->out, &b, v);
		return main_print(&b);
	}
	rc = main_check(v, o);
	if (rc == CTL_OK)
		rc = v->run(c, o->n_args - 1, o->args + 1);
	return rc;
}

static int
main_run(struct ctl *c)
{
	struct buf b = {0};

	if (out_init(&c->out, session_opt(c, OPT_COLOR), session_flag(c, OPT_JSON)) != 0) {
		out_say("--color %s: auto, always or never was expected", session_opt(c, OPT_COLOR));
		return CTL_USAGE;
	}
	if (session_flag(c, OPT_VERSION)) {
		buf_addstr(&b, "shelfctl " PACKAGE_VERSION "\n");
		return main_print(&b);
	}
	if (c->opt->n_args > 0)
		return main_verb(c);
	if (session_flag(c, OPT_HELP)) {
		help_program(&c->out, &b);
		return main_print(&b);
	}
	out_say("a verb is missing; \"shelfctl help\" lists them");
	return CTL_USAGE;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct ctl c = {.opt = &o};
	struct err e;
	int rc = CTL_USAGE;

	/* A reader that is gone shows as EPIPE, of our output and of every socket. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (options_read(&o, argc, (const char *const *)argv, &e) != 0)
		out_say("%s; \"shelfctl help\" lists verbs and options", e.msg);
	else
		rc = main_run(&c);
	session_free(&c);
	options_free(&o);
	return rc;
}
