/* What an error reply asks of us, told by its first word. Pure. */
#ifndef REDIS_REFUSAL_H
#define REDIS_REFUSAL_H

enum refusal {
	REFUSAL_WAIT, /* it may pass: keep the connection, wait, send the same again */
	REFUSAL_MOVED, /* this is not the server to write to: wait, then look for it anew */
	REFUSAL_DENIED, /* somebody must change a permission or a password */
	REFUSAL_SCRIPT, /* the scripts are not loaded any more */
	REFUSAL_FENCED, /* another agent took the catalog */
	REFUSAL_STATE, /* the catalog is not as we thought: read it again */
	REFUSAL_STREAM, /* the change stream holds later revisions than the head: start a new life */
};

enum refusal refusal_of(const char *word);

#endif
