#include "redis/refusal.h"

#include <stddef.h>
#include <string.h>

enum refusal
refusal_of(const char *word)
{
	static const struct {
		const char *word;
		enum refusal refusal;
	} table[] = {
	    {"READONLY", REFUSAL_MOVED},
	    {"MOVED", REFUSAL_MOVED},
	    {"MASTERDOWN", REFUSAL_MOVED},
	    {"CLUSTERDOWN", REFUSAL_MOVED}, /* this node may be the one that is cut off from the others */
	    /*
	     * A slot is being moved key by key. The node that it goes to would let a script in after ASKING, and make anew
	     * the keys that have not come yet; the old ones would then end the move, or replace the new ones. So nothing is
	     * sent there before the slot has moved.
	     */
	    {"ASK", REFUSAL_WAIT},
	    {"TRYAGAIN", REFUSAL_WAIT},
	    {"NOAUTH", REFUSAL_DENIED},
	    {"WRONGPASS", REFUSAL_DENIED},
	    {"NOPERM", REFUSAL_DENIED},
	    {"NOSCRIPT", REFUSAL_SCRIPT},
	    {"FENCED", REFUSAL_FENCED},
	    {"GENERATION", REFUSAL_STATE},
	    {"NOSTATE", REFUSAL_STATE},
	    {"BASE", REFUSAL_STATE},
	    {"NOITEM", REFUSAL_STATE},
	    {"STREAM", REFUSAL_STREAM},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(word, table[i].word) == 0)
			return table[i].refusal;
	/* OOM, MISCONF, LOADING, BUSY, NOREPLICAS, TYPE, and what nobody has thought of yet. */
	return REFUSAL_WAIT;
}
