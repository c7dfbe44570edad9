#include "ctl/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/diagnosis.h"
#include "redis/keys.h"

#define REDIS_PATIENCE (5 * USEC_PER_SEC)

/*
 * Asks of each command that shelfd's scripts call whether they may; calls none.
 * Redis 7 and later can say. Returns what is not permitted, a line for each.
 */
static const char rights_script[] =
    "if not redis.acl_check_cmd then return '?' end\n"
    "local p, no = string.sub(KEYS[1], 1, -5), {}\n"
    "local function may(command, key, ...)\n"
    "  local name = string.sub(key, 1, 1) == '&' and p .. string.sub(key, 2) or p .. key\n"
    "  if not redis.acl_check_cmd(command, name, ...) then no[#no + 1] = command .. ' ' .. name end\n"
    "end\n"
    "may('GET', 'lease') may('SET', 'lease', 'v', 'PX', '1') may('PEXPIRE', 'lease', '1') may('DEL', 'lease')\n"
    "may('TYPE', 'head') may('EXISTS', 'head') may('HGETALL', 'head') may('HMGET', 'head', 'rev')\n"
    "may('HSET', 'head', 'rev', '1') may('HDEL', 'head', 'rev') may('HINCRBY', 'head', 'epoch', '1')\n"
    "may('HSET', 'heartbeat', 'pid', '1') may('HSET', 'problems', 'p', '1') may('HSCAN', 'problems', '0')\n"
    "may('XADD', 'changes', '*', 'event', 'e') may('XADD', 'syncs', '*', 'trigger', 't')\n"
    "may('XRANGE', 'changes', '1-0', '1-0')\n"
    "may('XADD', 'history:skill/x', '*', 'rev', '1') may('HSET', 'item:skill/x', 'rev', '1')\n"
    "may('ZADD', 'index:skill', '1', 'x') may('ZREM', 'index:skill', 'x') may('ZRANGE', 'index:skill', '0', '1')\n"
    "may('ZADD', 'deleted', '1', 'x') may('ZPOPMIN', 'deleted', '1') may('ZCARD', 'deleted')\n"
    "may('ZREMRANGEBYRANK', 'deleted', '0', '1') may('UNLINK', 'changes')\n"
    "may('PUBLISH', '&events:control', 'm') may('PUBLISH', '&events:skill', 'm')\n"
    "return table.concat(no, ', ')\n";

static bool
is_refused(const redisReply *reply)
{
	return strncmp(reply->str, "NOPERM", 6) == 0 || strncmp(reply->str, "NOAUTH", 6) == 0;
}

static void
redis_server(struct doctor *d, struct client *client, const char *url)
{
	struct err e;
	redisReply *reply = client_command(client, &e, "INFO", NULL);

	if (reply == NULL)
		checkup_add(&d->found, "redis", VERDICT_FAILED, NULL, "%s: %s", url, e.msg);
	else if (reply->type == REDIS_REPLY_ERROR && is_refused(reply))
		/* shelfd does well without. */
		checkup_add(&d->found, "redis", VERDICT_OK, NULL, "%s: version unknown, INFO is not permitted", url);
	else if (reply->type == REDIS_REPLY_ERROR)
		checkup_add(&d->found, "redis", VERDICT_FAILED, NULL, "%s: %s", url, reply->str);
	else
		diagnose_info(&d->found, url, reply->str != NULL ? reply->str : "");
	freeReplyObject(reply);
}

static void
redis_rights(struct doctor *d, struct client *client)
{
	const char *catalog = d->c->settings.catalog;
	char *head = keys_make(catalog, "head");
	char *hint =
	    mem_printf("ACL SETUSER NAME ~shelf:{%s}:* &shelf:{%s}:* +@all -@dangerous +info", catalog, catalog);
	redisReply *reply = client_command(client, NULL, "SCRIPT", "LOAD", rights_script, NULL);

	/* As shelfd calls its scripts: EVAL would be a right that it does not need. */
	if (reply != NULL && reply->type == REDIS_REPLY_STRING) {
		redisReply *loaded = reply;

		reply = client_command(client, NULL, "EVALSHA", loaded->str, "1", head, NULL);
		freeReplyObject(loaded);
	}
	if (reply == NULL)
		checkup_add(&d->found, "redis-rights", VERDICT_FAILED, NULL, "the connection is lost");
	else if (reply->type == REDIS_REPLY_ERROR)
		checkup_add(
		    &d->found, "redis-rights", VERDICT_FAILED, is_refused(reply) ? hint : NULL, "%s", reply->str);
	else if (reply->str != NULL && strcmp(reply->str, "?") == 0)
		checkup_add(
		    &d->found, "redis-rights", VERDICT_OK, NULL, "scripts may run; Redis before 7 does not tell more");
	else if (reply->str != NULL && reply->len != 0)
		checkup_add(&d->found, "redis-rights", VERDICT_FAILED, hint, "not permitted: %s", reply->str);
	else
		checkup_add(&d->found, "redis-rights", VERDICT_OK, NULL,
		    "all that shelfd does to keys and channels is permitted");
	freeReplyObject(reply);
	free(hint);
	free(head);
}

static void
redis_clock(struct doctor *d, struct client *client)
{
	redisReply *reply = client_command(client, NULL, "TIME", NULL);
	long long ms;

	if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
	    reply->element[0]->type == REDIS_REPLY_STRING && reply->element[1]->type == REDIS_REPLY_STRING) {
		ms =
		    strtoll(reply->element[0]->str, NULL, 10) * 1000 + strtoll(reply->element[1]->str, NULL, 10) / 1000;
		diagnose_clock(&d->found, clock_wall_ms(), ms);
	}
	freeReplyObject(reply);
}

void
doctor_redis(struct doctor *d)
{
	char *url = session_redis_text(d->c);
	struct client *client;
	struct err e;

	if (session_redis_try(d->c, usec_min(REDIS_PATIENCE, d->c->settings.redis.timeout), &client, &e) != 0) {
		checkup_add(&d->found, "redis", VERDICT_FAILED,
		    session_refused(&e) ? "see user and password in redis.url and redis.password_file"
					: "start it, or name another one in redis.url; embedded is shelfd's own",
		    "%s: %s", url, e.msg);
	} else {
		redis_server(d, client, url);
		redis_rights(d, client);
		redis_clock(d, client);
		client_free(client);
	}
	free(url);
}
