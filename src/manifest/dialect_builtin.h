/* The schemas of etc/schemas, as texts. Only dialect.c includes this. */
#ifndef MANIFEST_DIALECT_BUILTIN_H
#define MANIFEST_DIALECT_BUILTIN_H

struct builtin {
	const char *name; /* NULL ends the list */
	const char *text;
};

extern const struct builtin dialect_builtins[];

#endif
