#include "redis/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "redis/conn.h"
#include "redis/keys.h"
#include "redis/reply.h"

#define HOPS_MAX 5 /* MOVED in one search */
#define SWITCH_CHANNEL "+switch-master"

struct discovery {
	struct redis_url url; /* scheme, nodes and master; no secrets */
	char *head; /* key of the catalog's head */
	unsigned int slot;

	enum discovery_state state;
	struct redis_node nodes[REDIS_NODES_MAX]; /* whom to ask: those of the address, then those that were learned */
	size_t n_nodes;
	size_t first; /* who is asked first */
	size_t asked; /* so many in this search */
	struct redis_node found;
	unsigned int hops;
	struct err why;
};

struct discovery *
discovery_new(const struct redis_url *url, const char *catalog)
{
	struct discovery *d = mem_zalloc(sizeof *d);

	d->url.scheme = url->scheme;
	d->url.n_nodes = url->n_nodes;
	d->url.master = mem_strdup_opt(url->master);
	if (url->scheme == REDIS_CLUSTER) {
		d->head = keys_make(catalog, "head");
		d->slot = keys_slot(catalog);
	}
	d->n_nodes = url->n_nodes;
	if (url->n_nodes > 0)
		memcpy(d->nodes, url->nodes, url->n_nodes * sizeof *d->nodes);
	discovery_begin(d);
	return d;
}

void
discovery_free(struct discovery *d)
{
	if (d == NULL)
		return;
	free(d->url.master);
	free(d->head);
	free(d);
}

static bool
is_plain(const struct discovery *d)
{
	return d->url.scheme != REDIS_SENTINEL && d->url.scheme != REDIS_CLUSTER;
}

void
discovery_begin(struct discovery *d)
{
	d->asked = 0;
	d->hops = 0;
	d->why = (struct err){0};
	d->state = DISCOVERY_ASK;
	if (!is_plain(d))
		return;
	d->state = DISCOVERY_FOUND;
	if (d->n_nodes > 0)
		d->found = d->nodes[0];
}

enum discovery_state
discovery_state(const struct discovery *d)
{
	return d->state;
}

static const struct redis_node *
asked_node(const struct discovery *d)
{
	return &d->nodes[(d->first + d->asked) % d->n_nodes];
}

const struct redis_node *
discovery_node(const struct discovery *d)
{
	return d->state == DISCOVERY_ASK ? asked_node(d) : &d->found;
}

const struct err *
discovery_why(const struct discovery *d)
{
	return &d->why;
}

static void
request(struct buf *out, int argc, const char *const *argv)
{
	conn_format(out, argc, argv, NULL);
}

void
discovery_question(const struct discovery *d, struct buf *out)
{
	if (d->url.scheme == REDIS_SENTINEL)
		request(out, 3, (const char *const[]){"SENTINEL", "GET-MASTER-ADDR-BY-NAME", d->url.master});
	else
		request(out, 2, (const char *const[]){"CLUSTER", "SLOTS"});
}

/* The one who was asked is of no use: the next one, or the end of the search. The first reason is the one to tell. */
static void
ask_next(struct discovery *d, const char *why)
{
	char *node = redis_node_text(asked_node(d));

	if (d->why.msg[0] == '\0')
		(void)err_set(&d->why, "%s %s: %s", d->url.scheme == REDIS_SENTINEL ? "sentinel" : "node", node, why);
	free(node);
	if (++d->asked < d->n_nodes)
		return;
	d->state = DISCOVERY_FAILED;
	if (d->n_nodes > 1)
		(void)err_prefix(&d->why, "none of %zu %s knows where the master is", d->n_nodes,
		    d->url.scheme == REDIS_SENTINEL ? "sentinels" : "nodes");
}

static void
answer_is_odd(struct discovery *d, const redisReply *r)
{
	char text[200];

	ask_next(d, r->type == REDIS_REPLY_ERROR ? text_escape_to(text, sizeof text, r->str) : "an odd answer");
}

/* Whoever knew is asked first the next time. */
static void
found(struct discovery *d, const char *host, int port)
{
	d->first = (d->first + d->asked) % d->n_nodes;
	d->asked = 0;
	(void)snprintf(d->found.host, sizeof d->found.host, "%s", host);
	d->found.port = port;
	d->state = DISCOVERY_FOUND;
}

static int
parse_port(const char *s)
{
	char *end;
	long v;

	if (s == NULL || *s < '1' || *s > '9')
		return 0;
	v = strtol(s, &end, 10);
	return *end == '\0' && v <= 65535 ? (int)v : 0;
}

static bool
is_host(const char *s, size_t n)
{
	return n > 0 && n <= REDIS_HOST_MAX && strnlen(s, n) == n;
}

static void
sentinel_answer(struct discovery *d, const redisReply *r)
{
	int port;

	if (r->type == REDIS_REPLY_NIL || (r->type == REDIS_REPLY_ARRAY && r->elements == 0)) {
		ask_next(d, "it knows no master of that name");
		return;
	}
	if (r->type != REDIS_REPLY_ARRAY || r->elements != 2 || r->element[0]->type != REDIS_REPLY_STRING ||
	    r->element[1]->type != REDIS_REPLY_STRING || !is_host(r->element[0]->str, (size_t)r->element[0]->len) ||
	    (port = parse_port(r->element[1]->str)) == 0) {
		answer_is_odd(d, r);
		return;
	}
	found(d, r->element[0]->str, port);
}

/* "[host, port, ...]" of the table of slots. A node that does not know its own name is the one that was asked. */
static bool
slots_node(const struct redis_node *asked, const redisReply *r, struct redis_node *ret)
{
	const redisReply *host, *port;

	if (r->type != REDIS_REPLY_ARRAY || r->elements < 2)
		return false;
	host = r->element[0];
	port = r->element[1];
	if (port->type != REDIS_REPLY_INTEGER || port->integer < 1 || port->integer > 65535)
		return false;
	ret->port = (int)port->integer;
	if (host->type == REDIS_REPLY_NIL || (host->type == REDIS_REPLY_STRING && host->len == 0))
		memcpy(ret->host, asked->host, sizeof ret->host);
	else if (host->type == REDIS_REPLY_STRING && is_host(host->str, (size_t)host->len) &&
	    strcmp(host->str, "?") != 0)
		(void)snprintf(ret->host, sizeof ret->host, "%s", host->str);
	else
		return false;
	return true;
}

static bool
knows_node(const struct redis_node *list, size_t n, const struct redis_node *node)
{
	for (size_t i = 0; i < n; i++)
		if (redis_node_equal(&list[i], node))
			return true;
	return false;
}

/* The nodes of the address may be gone one day: remember the others. The one that answered stays the first. */
static void
learn_nodes(struct discovery *d, const redisReply *table)
{
	struct redis_node first = d->nodes[d->first], node;

	d->n_nodes = d->url.n_nodes;
	if (!knows_node(d->nodes, d->n_nodes, &first) && d->n_nodes < REDIS_NODES_MAX)
		d->nodes[d->n_nodes++] = first;
	for (size_t i = 0; i < table->elements; i++) {
		const redisReply *range = table->element[i];

		for (size_t k = 2; range->type == REDIS_REPLY_ARRAY && k < range->elements; k++)
			if (d->n_nodes < REDIS_NODES_MAX && slots_node(&first, range->element[k], &node) &&
			    !knows_node(d->nodes, d->n_nodes, &node))
				d->nodes[d->n_nodes++] = node;
	}
	for (size_t i = 0; i < d->n_nodes; i++)
		if (redis_node_equal(&d->nodes[i], &first))
			d->first = i;
}

static bool
range_has(const redisReply *range, long long slot)
{
	return range->type == REDIS_REPLY_ARRAY && range->elements >= 3 &&
	    range->element[0]->type == REDIS_REPLY_INTEGER && range->element[1]->type == REDIS_REPLY_INTEGER &&
	    range->element[0]->integer <= slot && slot <= range->element[1]->integer;
}

static void
cluster_answer(struct discovery *d, const redisReply *r)
{
	struct redis_node node;

	if (r->type != REDIS_REPLY_ARRAY) {
		answer_is_odd(d, r);
		return;
	}
	for (size_t i = 0; i < r->elements; i++) {
		if (!range_has(r->element[i], d->slot) || !slots_node(asked_node(d), r->element[i]->element[2], &node))
			continue;
		found(d, node.host, node.port);
		learn_nodes(d, r);
		return;
	}
	ask_next(d, "nobody holds the slot of the catalog");
}

void
discovery_answer(struct discovery *d, const redisReply *r)
{
	if (d->url.scheme == REDIS_SENTINEL)
		sentinel_answer(d, r);
	else
		cluster_answer(d, r);
}

/* What was found is not the master: whoever named it may know no better the next time. */
static void
mistaken(struct discovery *d)
{
	d->state = DISCOVERY_FAILED;
	if (d->n_nodes > 0)
		d->first = (d->first + 1) % d->n_nodes;
}

void
discovery_unreachable(struct discovery *d, const struct err *why)
{
	if (d->state == DISCOVERY_ASK) {
		ask_next(d, why->msg);
		return;
	}
	d->why = *why;
	mistaken(d);
}

bool
discovery_check(const struct discovery *d, struct buf *out)
{
	if (is_plain(d))
		return false;
	if (d->url.scheme == REDIS_SENTINEL)
		request(out, 1, (const char *const[]){"ROLE"});
	else
		request(out, 3, (const char *const[]){"HGET", d->head, "schema"});
	return true;
}

static bool
sentinel_check(struct discovery *d, const redisReply *r)
{
	const char *role = r->type == REDIS_REPLY_ARRAY && r->elements > 0 ? r->element[0]->str : NULL;
	char *node = redis_node_text(&d->found), text[200];

	if (role != NULL && strcmp(role, "master") == 0) {
		free(node);
		return true;
	}
	if (r->type == REDIS_REPLY_ERROR)
		(void)err_set(&d->why, "redis at %s refuses to tell its role: %s", node,
		    text_escape_to(text, sizeof text, r->str));
	else
		(void)err_set(&d->why, "redis at %s is not the master but a %s; waiting for the sentinels to agree",
		    node, role != NULL ? text_escape_to(text, sizeof text, role) : "riddle");
	free(node);
	mistaken(d);
	return false;
}

/* "MOVED <slot> <host>:<port>"; without a host it is the one that said so. */
static bool
follow_moved(struct discovery *d, const char *text)
{
	const char *place = strrchr(text, ' '), *colon;
	size_t n;
	int port;

	colon = place != NULL ? strrchr(place, ':') : NULL;
	if (colon == NULL || (port = parse_port(colon + 1)) == 0 || ++d->hops > HOPS_MAX)
		return false;
	place++;
	n = (size_t)(colon - place);
	if (n > REDIS_HOST_MAX)
		return false;
	if (n > 0) {
		memcpy(d->found.host, place, n);
		d->found.host[n] = '\0';
	}
	d->found.port = port;
	return true;
}

static bool
cluster_check(struct discovery *d, const redisReply *r)
{
	char word[32], text[200], *node;

	reply_error_word(r, word);
	/* Anything else but these is for whoever uses the connection to deal with, a slot that is being moved (ASK) too. */
	if (strcmp(word, "MOVED") == 0 && follow_moved(d, r->str))
		return false;
	if (strcmp(word, "MOVED") != 0 && strcmp(word, "CLUSTERDOWN") != 0)
		return true;
	node = redis_node_text(&d->found);
	(void)err_set(&d->why, "redis at %s: %s", node, text_escape_to(text, sizeof text, r->str));
	free(node);
	mistaken(d);
	return false;
}

bool
discovery_check_answer(struct discovery *d, const redisReply *r)
{
	return d->url.scheme == REDIS_SENTINEL ? sentinel_check(d, r) : cluster_check(d, r);
}

bool
discovery_listen(const struct discovery *d, struct buf *out)
{
	if (d->url.scheme != REDIS_SENTINEL)
		return false;
	request(out, 2, (const char *const[]){"SUBSCRIBE", SWITCH_CHANNEL});
	return true;
}

/* "<master> <old host> <old port> <new host> <new port>" */
static bool
parse_switch(const char *text, const char *master, struct redis_node *ret)
{
	const char *words[5];
	size_t len[5], n = 0;
	char digits[8];

	for (; n < 5 && *text != '\0'; n++) {
		words[n] = text;
		len[n] = strcspn(text, " ");
		text += len[n] + (text[len[n]] == ' ');
	}
	if (n != 5 || *text != '\0' || strlen(master) != len[0] || memcmp(words[0], master, len[0]) != 0 ||
	    !is_host(words[3], len[3]) || len[4] >= sizeof digits)
		return false;
	(void)snprintf(digits, sizeof digits, "%.*s", (int)len[4], words[4]);
	ret->port = parse_port(digits);
	(void)snprintf(ret->host, sizeof ret->host, "%.*s", (int)len[3], words[3]);
	return ret->port != 0;
}

bool
discovery_heard(struct discovery *d, const redisReply *r)
{
	struct redis_node node;

	if (r->type != REDIS_REPLY_ARRAY || r->elements != 3 || r->element[0]->type != REDIS_REPLY_STRING ||
	    r->element[1]->type != REDIS_REPLY_STRING || r->element[2]->type != REDIS_REPLY_STRING ||
	    strcmp(r->element[0]->str, "message") != 0 || strcmp(r->element[1]->str, SWITCH_CHANNEL) != 0 ||
	    !parse_switch(r->element[2]->str, d->url.master, &node))
		return false;
	d->hops = 0;
	d->found = node;
	d->state = DISCOVERY_FOUND;
	return true;
}
