/*
 * A catalog that begins at revision 0 in an empty Redis, and one set after the
 * other sent to the apply script.
 */
#ifndef APPLY_STAGE_H
#define APPLY_STAGE_H

#include "redis/call.h"
#include "redis_fixture.h"

#define GENERATION "0123456789abcdef0123456789abcdef"
#define OWNER "fedcba9876543210fedcba9876543210"
#define TIME "2026-01-31T23:59:59.123Z"
#define P "shelf:{t}:"

struct stage {
	struct server *server;
	char sha[41];
	struct published *published;
	struct changeset cs;
	struct call_context ctx;
	struct call call;
	unsigned sets;
	char batch[CALL_BATCH_SIZE];
};

int start_server(void **state);
int stop_server(void **state);
int apply_setup(void **state);
int apply_teardown(void **state);

/* What Redis answers to a command line, see server_ask. */
void expect(struct stage *s, const char *line, const char *want);

/* Make one call with a batch of its own of the set so far. */
void new_call(struct stage *s);
/* Send the request for the call once more and write the reply down. The caller frees. */
char *send_call(struct stage *s);
/* A new call that goes well; the set is empty afterwards. */
void apply(struct stage *s);
/* A new call that is refused with this first word, and leaves no trace. */
void assert_refused(struct stage *s, const char *word);

#endif
