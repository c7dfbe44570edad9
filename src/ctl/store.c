#include "ctl/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "redis/keys.h"

#define STORE_PIPELINE 256 /* requests on their way at once */
#define STORE_FIELDS 16
#define STORE_TIMEOUT (10 * USEC_PER_SEC)

/* An error reply becomes a failure; r is freed then. */
static redisReply *
store_checked(redisReply *r, int type, struct err *e)
{
	if (r == NULL)
		return NULL;
	if (r->type == REDIS_REPLY_ERROR)
		(void)err_set(e, "%s", r->str);
	else if (type != 0 && r->type != type)
		(void)err_set(e, "redis gave an answer of an unexpected type");
	else
		return r;
	freeReplyObject(r);
	return NULL;
}

redisReply *
store_call(struct store *r, struct err *e, const char *const *words)
{
	int argc = 0;

	while (words[argc] != NULL)
		argc++;
	return store_checked(client_call(r->client, argc, words, NULL, e), 0, e);
}

redisReply *
store_hash(struct store *r, const char *suffix, struct err *e)
{
	char *key = keys_make(r->catalog, suffix);
	redisReply *reply = store_checked(client_command(r->client, e, "HGETALL", key, NULL), REDIS_REPLY_ARRAY, e);

	free(key);
	return reply;
}

char *
store_string(struct store *r, const char *suffix, struct err *e)
{
	char *key = keys_make(r->catalog, suffix), *text = NULL;
	redisReply *reply = client_command(r->client, e, "GET", key, NULL);

	if (reply != NULL && reply->type == REDIS_REPLY_STRING)
		text = mem_strdup(reply->str);
	freeReplyObject(reply);
	free(key);
	return text;
}

const redisReply *
reply_get(const redisReply *hash, const char *field)
{
	for (size_t i = 0; i + 1 < hash->elements; i += 2) {
		const redisReply *name = hash->element[i], *value = hash->element[i + 1];

		if (name->type == REDIS_REPLY_STRING && value->type == REDIS_REPLY_STRING &&
		    strcmp(name->str, field) == 0)
			return value;
	}
	return NULL;
}

const char *
reply_text(const redisReply *hash, const char *field)
{
	const redisReply *v = reply_get(hash, field);

	return v != NULL ? v->str : NULL;
}

uint64_t
reply_u64(const redisReply *hash, const char *field)
{
	const char *text = reply_text(hash, field);
	char *end;
	unsigned long long v;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	v = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0 ? v : 0;
}

void
store_types_of(const redisReply *head, struct strings *ret)
{
	static const char prefix[] = "type_rev:";

	for (size_t i = 0; i + 1 < head->elements; i += 2) {
		const redisReply *name = head->element[i];

		if (name->type == REDIS_REPLY_STRING && strncmp(name->str, prefix, sizeof prefix - 1) == 0)
			strings_add(ret, name->str + sizeof prefix - 1);
	}
	strings_sort(ret);
}

int
store_types(struct store *r, struct strings *ret, struct err *e)
{
	redisReply *head = store_hash(r, "head", e);

	if (head == NULL)
		return -1;
	store_types_of(head, ret);
	freeReplyObject(head);
	return 0;
}

static int
store_index(struct store *r, const char *type, struct strings *ret, struct err *e)
{
	char *suffix = mem_printf("index:%s", type), *key = keys_make(r->catalog, suffix);
	redisReply *reply =
	    store_checked(client_command(r->client, e, "ZRANGE", key, "0", "-1", NULL), REDIS_REPLY_ARRAY, e);

	free(suffix);
	free(key);
	if (reply == NULL)
		return -1;
	for (size_t i = 0; i < reply->elements; i++) {
		char *item;

		if (reply->element[i]->type != REDIS_REPLY_STRING)
			continue;
		item = mem_printf("%s/%s", type, reply->element[i]->str);
		strings_add(ret, item);
		free(item);
	}
	freeReplyObject(reply);
	return 0;
}

int
store_keys(struct store *r, const char *type, struct strings *ret, struct err *e)
{
	struct strings types = {0};
	int rc = 0;

	if (store_types(r, &types, e) != 0)
		return -1;
	for (size_t i = 0; i < types.n && rc == 0; i++)
		if (type == NULL || strcmp(type, types.v[i]) == 0)
			rc = store_index(r, types.v[i], ret, e);
	strings_free(&types);
	strings_sort(ret);
	return rc;
}

static void
store_ask(struct store *r, const char *key, const char *const *fields)
{
	const char *argv[STORE_FIELDS + 2] = {"HGETALL"};
	char *suffix = mem_printf("item:%s", key), *name = keys_make(r->catalog, suffix);
	int argc = 2;

	argv[1] = name;
	if (fields != NULL) {
		argv[0] = "HMGET";
		for (; *fields != NULL; fields++) {
			assert(argc < STORE_FIELDS + 2);
			argv[argc++] = *fields;
		}
	}
	client_append(r->client, argc, argv, NULL);
	free(suffix);
	free(name);
}

/* The answer of HMGET as HGETALL would have given it. The names and values are borrowed. */
static void
store_tell(const char *key, const redisReply *reply, const char *const *fields, store_each *each, void *arg)
{
	redisReply names[STORE_FIELDS] = {0}, *pairs[2 * STORE_FIELDS], hash = {.type = REDIS_REPLY_ARRAY};

	if (fields == NULL) {
		if (reply->elements > 0)
			each(arg, key, reply);
		return;
	}
	for (size_t i = 0; i < reply->elements && fields[i] != NULL; i++) {
		if (reply->element[i]->type != REDIS_REPLY_STRING)
			continue;
		names[i].type = REDIS_REPLY_STRING;
		names[i].str = mem_strdup(fields[i]);
		names[i].len = strlen(fields[i]);
		pairs[hash.elements++] = &names[i];
		pairs[hash.elements++] = reply->element[i];
	}
	hash.element = pairs;
	if (hash.elements > 0)
		each(arg, key, &hash);
	for (size_t i = 0; i < STORE_FIELDS; i++)
		free(names[i].str);
}

int
store_items(
    struct store *r, const struct strings *keys, const char *const *fields, store_each *each, void *arg, struct err *e)
{
	size_t asked = 0;

	for (size_t got = 0; got < keys->n; got++) {
		redisReply *reply;

		for (; asked < keys->n && asked - got < STORE_PIPELINE; asked++)
			store_ask(r, keys->v[asked], fields);
		reply = store_checked(client_next(r->client, STORE_TIMEOUT, e), REDIS_REPLY_ARRAY, e);
		if (reply == NULL)
			return -1;
		store_tell(keys->v[got], reply, fields, each, arg);
		freeReplyObject(reply);
	}
	return 0;
}
