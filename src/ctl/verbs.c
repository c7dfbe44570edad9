#include "ctl/verbs.h"

#include <string.h>

#include "base/text.h"

#define VERBS_MAX 32

static const struct verb verbs[] = {
    {"ls", "[TYPE]", 0, 1, "list the items of the catalog",
	"Reads Redis and lists all items, or those of one type, sorted by type and id.\n"
	"With --json each line is one item with all its fields.\n",
	"shelfctl ls\n"
	"shelfctl ls skill\n"
	"shelfctl ls --json | jq -r 'select(.state == \"stale\") | .id'\n",
	{OPT_NONE}, verb_ls},
    {"show", "ITEM", 1, 1, "show one item with all its fields",
	"Reads one item from Redis. ITEM is TYPE/ID, as ls prints it.\n",
	"shelfctl show skill/pdf\n"
	"shelfctl show --json mcp/wiki | jq .metadata\n",
	{OPT_NONE}, verb_show},
    {"watch", "", 0, 0, "print each change of the catalog as it happens",
	"Follows the change stream in Redis from now on, from --since, or with --snapshot\n"
	"from all items that are there, and prints each change once and in order:\n"
	"+ created, ~ updated, - deleted. It goes on over restarts of Redis and of\n"
	"shelfd. Where changes are not in the stream any more, what they came to is read\n"
	"from the indexes; where even that is not kept, or the catalog began a new life,\n"
	"every item is printed anew. Both are said on stderr.\n",
	"shelfctl watch\n"
	"shelfctl watch --snapshot --type skill\n"
	"shelfctl watch --since 0 --count 10\n"
	"shelfctl watch --json | jq -r .subject\n",
	{OPT_SINCE, OPT_SNAPSHOT, OPT_TYPE, OPT_COUNT, OPT_NONE}, verb_watch},
    {"history", "[ITEM]", 0, 1, "list the versions of an item, or the last changes",
	"Lists the versions of one item (TYPE/ID), the newest first: Redis keeps the\n"
	"last 20 of each, also of a deleted one. Without ITEM it lists the last changes\n"
	"of all items, as the change stream has them.\n",
	"shelfctl history skill/pdf\n"
	"shelfctl history --count 100\n"
	"shelfctl history --json skill/pdf | jq -r .commit\n",
	{OPT_COUNT, OPT_NONE}, verb_history},
    {"log", "", 0, 0, "list the syncs: what each found and did",
	"Lists the last comparisons of disk and catalog, the newest first: what started\n"
	"each, how many items it created (+), updated (~) and deleted (-), how many\n"
	"manifests were broken. Redis keeps the last 1,000.\n",
	"shelfctl log\n"
	"shelfctl log --json --count 1 | jq .created\n",
	{OPT_COUNT, OPT_NONE}, verb_log},
    {"diff", "", 0, 0, "compare the disk with the catalog in Redis",
	"Looks at the collections of the git checkout at the current folder (or of\n"
	"--root) and at Redis, and lists what a sync would do: + create, ~ update (with\n"
	"each field that differs, Redis's value first), - delete. No daemon is needed,\n"
	"and nothing is changed. What git says of an item is not compared. Exit code 5\n"
	"when something differs.\n",
	"shelfctl diff\n"
	"shelfctl diff -C /srv/catalog --redis redis://10.0.0.7\n"
	"shelfctl diff --json | jq -r '\"\\(.op) \\(.type)/\\(.id)\"'\n",
	{OPT_ROOT, OPT_NONE}, verb_diff},
    {"status", "", 0, 0, "say how the daemon, Redis and the catalog are",
	"Asks Redis and the control socket, and shows what answers. Exit code 3 when no\n"
	"shelfd runs, 6 when neither it nor Redis can be reached.\n",
	"shelfctl status\n"
	"shelfctl status --json | jq .redis.reachable\n",
	{OPT_NONE}, verb_status},
    {"doctor", "", 0, 0, "check what shelfd depends on, and say what to do",
	"Checks the daemon, Redis and what its user may do there, the checkout and its\n"
	"owner, the file system, the limits of inotify, and whether the event of a file\n"
	"arrives: ok, warning or failed, and what to do. Changes nothing; works with and\n"
	"without a running shelfd. Exit code 5 when a check failed.\n",
	"shelfctl doctor\n"
	"shelfctl doctor -C ~/catalog --redis redis://10.0.0.7\n"
	"shelfctl doctor --json | jq -r '.checks[] | select(.status != \"ok\") | .hint'\n",
	{OPT_ROOT, OPT_NONE}, verb_doctor},
    {"problems", "[PATH]", 0, 1, "list what is wrong with the published manifests",
	"Reads the problems that shelfd published: of all manifests, of one, or of\n"
	"those in one folder. PATH is relative to the source root, as the list shows\n"
	"it.\n",
	"shelfctl problems\n"
	"shelfctl problems skills/pdf\n"
	"shelfctl problems --json | jq -r 'select(.severity == \"error\") | .path'\n",
	{OPT_NONE}, verb_problems},
    {"lint", "[PATH...]", 0, -1, "check manifests without a daemon and without Redis",
	"Checks the manifests of the collections in the git checkout at the current\n"
	"folder (or in --root), or only the files and folders that are named, by the\n"
	"rules that shelfd uses. A file outside of every collection is checked as the\n"
	"type that its name tells (SKILL.md, server.json, tool.yaml, ...) or that\n"
	"--type names. What git ignores is not left out. With --changed only files that\n"
	"differ from HEAD or REV count, or are new to git. With --fix it shows how it\n"
	"would mend unquoted values with a colon, tabs as indentation, front matter that\n"
	"is not closed, byte order marks and CRLF, asks on a terminal, and writes. Exit\n"
	"code 5 when there are errors, or something to mend is left.\n",
	"shelfctl lint\n"
	"shelfctl lint --strict skills/pdf\n"
	"shelfctl lint --changed\n"
	"shelfctl lint --changed main skills\n"
	"shelfctl lint --fix --dry-run\n"
	"shelfctl lint --type skill ~/notes/idea.md\n"
	"shelfctl lint --format sarif >lint.sarif\n"
	"shelfctl lint --json | jq -r .code | sort | uniq -c\n",
	{OPT_ROOT, OPT_TYPE, OPT_STRICT, OPT_FORMAT, OPT_CHANGED, OPT_FIX, OPT_DRY_RUN, OPT_YES, OPT_NONE}, verb_lint},
    {"explain", "[CODE]", 0, 1, "explain a problem code",
	"Says why a problem matters and how to mend it, with an example. Without CODE\n"
	"it lists all codes and their severity in the lenient and the strict profile.\n",
	"shelfctl explain\n"
	"shelfctl explain yaml-unquoted-colon\n",
	{OPT_NONE}, verb_explain},
    {"parse", "FILE", 1, 1, "show what shelfd would make of a file",
	"Reads one manifest and prints its id, fields, metadata as canonical JSON,\n"
	"digests and problems. Neither a daemon nor Redis is needed. FILE - reads\n"
	"standard input, with --type, and --format where it is not what the type mostly\n"
	"uses. Exit code 5 when the manifest has errors.\n",
	"shelfctl parse skills/pdf/SKILL.md\n"
	"shelfctl parse --json mcps/wiki/server.json | jq .metadata\n"
	"shelfctl parse --type tool --format yaml - < draft\n",
	{OPT_ROOT, OPT_TYPE, OPT_STRICT, OPT_FORMAT, OPT_NONE}, verb_parse},
    {"validate", "FILE...", 1, -1, "check documents by a JSON Schema",
	"Checks JSON, YAML and the front matter of Markdown files by any schema of draft\n"
	"7 or 2020-12. References lead into the schema, to files in the folder that\n"
	"--schemas names, by their $id or their path, and never to the network. With URI=\n"
	"before the folder its files are known below that URI. --schema names a file, a\n"
	"schema in that folder by its $id or its name, or a dialect: one of shelfd's, or\n"
	"one of the folder that the configuration names. FILE - reads standard input, as\n"
	"JSON or what --format says. Exit code 5 when a document is invalid.\n",
	"shelfctl validate --schema person.schema.json alice.json bob.yaml\n"
	"shelfctl validate --schema mcp-server mcps/*/server.json\n"
	"shelfctl validate --schemas defs --schema https://example.org/person *.md\n"
	"shelfctl validate --schema s.json --formats --json - < draft.json\n",
	{OPT_SCHEMA, OPT_SCHEMAS, OPT_DRAFT, OPT_FORMATS, OPT_FORMAT, OPT_NONE}, verb_validate},
    {"sync", "[PATH...]", 0, -1, "make shelfd look at the disk",
	"Asks the running shelfd to compare everything, or the named paths, with the\n"
	"disk. With --wait it prints what came of it once that is in Redis. With\n"
	"--barrier nothing is looked at again: it returns when all that was saved\n"
	"before is in Redis.\n",
	"shelfctl sync --wait\n"
	"shelfctl sync skills/pdf\n"
	"shelfctl sync --barrier --timeout 10s\n",
	{OPT_WAIT, OPT_BARRIER, OPT_TIMEOUT, OPT_NONE}, verb_sync},
    {"completion", "SHELL", 0, -1, "print the completion script of a shell",
	"Prints a script for bash. Installed packages have it in place already.\n",
	"source <(shelfctl completion bash)\n", {OPT_WORDS, OPT_NONE}, verb_completion},
    {"help", "[VERB]", 0, 1, "say what a verb does", "Lists the verbs, or says what one of them does.\n",
	"shelfctl help\n"
	"shelfctl help watch\n",
	{OPT_NONE}, verb_help},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, {OPT_NONE}, NULL},
};

_Static_assert(sizeof verbs / sizeof verbs[0] <= VERBS_MAX, "verbs_nearest has room for all");

const struct verb *
verbs_all(void)
{
	return verbs;
}

const struct verb *
verbs_find(const char *name)
{
	for (const struct verb *v = verbs; v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

const char *
verbs_nearest(const char *word)
{
	const char *names[VERBS_MAX];
	size_t n = 0;

	for (const struct verb *v = verbs; v->name != NULL; v++)
		names[n++] = v->name;
	names[n] = NULL;
	return text_nearest(word, names);
}
