#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "redis/publisher_private.h"

/* Publishing on the control channel shows early whether we may; to consumers it is one more heartbeat. */
static void
scripts_probe(struct publisher *p)
{
	struct buf data = {0}, event = {0};
	char time[CLOCK_RFC3339_SIZE], *id = mem_printf("%s.%llu", p->owner, (unsigned long long)++p->beats);
	struct jsonw w;

	clock_rfc3339(p->wall_ms, time);
	jsonw_init(&w, &data);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "state", "connecting");
	jsonw_str(&w, "agent", p->agent);
	jsonw_object_end(&w);
	control_event("dev.shelfd.heartbeat", p->catalog, id, time, data.p, &event);
	resp_str(&p->request, "PUBLISH");
	publisher_add_key(p, "events:control", "");
	resp_add(&p->request, event.p, event.n);
	publisher_expect(p, REQUEST_PROBE);
	buf_free(&data);
	buf_free(&event);
	free(id);
}

void
scripts_load(struct publisher *p)
{
	p->state = PUBLISHER_SCRIPT;
	p->n_loaded = 0;
	for (int s = 0; s < SCRIPTS; s++) {
		resp_str(&p->request, "SCRIPT");
		resp_str(&p->request, "LOAD");
		resp_str(&p->request, script_text((enum script)s));
		publisher_expect(p, REQUEST_SCRIPT);
	}
	scripts_probe(p);
}

void
scripts_loaded(struct publisher *p, const redisReply *r)
{
	if (r->type == REDIS_REPLY_ERROR) {
		publisher_refused(p, r);
	} else if (r->type != REDIS_REPLY_STRING || r->len != SHA_HEX || p->n_loaded == SCRIPTS) {
		publisher_odd(p, "SCRIPT LOAD");
	} else {
		memcpy(p->sha[p->n_loaded], r->str, SHA_HEX);
		p->n_loaded++;
	}
}

void
scripts_probed(struct publisher *p, const redisReply *r)
{
	if (r->type == REDIS_REPLY_ERROR)
		publisher_refused(p, r);
	else
		lease_check(p);
}

/* The script is called with nothing: see apply.lua. */
static void
scripts_rouse(struct publisher *p)
{
	buf_clear(&p->rouse);
	resp_str(&p->request, "EVALSHA");
	resp_str(&p->request, p->sha[SCRIPT_APPLY]);
	resp_num(&p->request, 1);
	publisher_add_key(p, "head", "");
	resp_finish(&p->request, &p->rouse);
}

void
scripts_checked(struct publisher *p, const redisReply *r)
{
	if (r->type == REDIS_REPLY_ERROR) {
		publisher_refused(p, r);
		return;
	}
	p->permitted = true;
	scripts_rouse(p);
	lease_take(p);
}
