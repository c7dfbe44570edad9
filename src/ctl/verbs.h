/* The functions of the verbs; verbs.c has the table. */
#ifndef CTL_VERBS_H
#define CTL_VERBS_H

#include "ctl/session.h"

int verb_ls(struct ctl *c, int argc, const char *const *argv);
int verb_show(struct ctl *c, int argc, const char *const *argv);
int verb_watch(struct ctl *c, int argc, const char *const *argv);
int verb_history(struct ctl *c, int argc, const char *const *argv);
int verb_log(struct ctl *c, int argc, const char *const *argv);
int verb_diff(struct ctl *c, int argc, const char *const *argv);
int verb_status(struct ctl *c, int argc, const char *const *argv);
int verb_doctor(struct ctl *c, int argc, const char *const *argv);
int verb_problems(struct ctl *c, int argc, const char *const *argv);
int verb_lint(struct ctl *c, int argc, const char *const *argv);
int verb_explain(struct ctl *c, int argc, const char *const *argv);
int verb_parse(struct ctl *c, int argc, const char *const *argv);
int verb_validate(struct ctl *c, int argc, const char *const *argv);
int verb_sync(struct ctl *c, int argc, const char *const *argv);
int verb_completion(struct ctl *c, int argc, const char *const *argv);
int verb_help(struct ctl *c, int argc, const char *const *argv);

#endif
