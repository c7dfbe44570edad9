/* A publisher that is told made-up times and replies; it asks nobody. */
#ifndef PUBLISHER_STAGE_H
#define PUBLISHER_STAGE_H

#include "redis/publisher.h"
#include "redis_fixture.h"

#define MS USEC_PER_MS
#define SEC USEC_PER_SEC
#define WALL INT64_C(1769903999123)
#define OWNER "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define GENERATION "0123456789abcdef0123456789abcdef"
#define OTHER_GENERATION "ffffffffffffffffffffffffffffffff"
#define SHA "$40\r\n0123456789012345678901234567890123456789\r\n"
#define RENEWED "*1\r\n$2\r\nOK\r\n"

struct stage {
	struct publisher *p;
	struct published *published;
	struct changeset cs;
	usec_t now;
	struct buf log; /* what the sink was told, a word each */
	struct buf reached; /* how far it was told to be: revision, batch, epoch */
	struct buf asked; /* the heads that it asked about, likewise */
	const char *behind; /* the answer: why; NULL: nothing is lost */
	const char *witness; /* the call that made revision 4; NULL: nothing to compare */
	char requests[64]
		     [32]; /* what the publisher asked since the last look: first word, and what the script shall do */
	size_t n_requests;
};

int publisher_setup(void **state);
int publisher_teardown(void **state);

/* What the sink was told since the last look. */
void assert_log(struct stage *s, const char *want);

/* Take the requests off the output; what they were, parted by blanks. */
void look(struct stage *s);
void assert_requests(struct stage *s, const char *want);

/* Give it these replies; a head with NEW or TAKEN; the script's OK. */
void reply(struct stage *s, const char *resp);
void reply_head(
    struct stage *s, const char *word, const char *generation, int rev, int epoch, const char *batch, int base);
void reply_ok(struct stage *s, int base, int rev);

void tick(struct stage *s, usec_t later);

void go_online(struct stage *s); /* to LEASE */
void go_ready(struct stage *s); /* on a catalog at revision 5, loaded, with its heartbeat answered */
void submit(struct stage *s, int n); /* that many creations */

#endif
