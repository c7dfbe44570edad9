/* The values of "format" that can be asserted: what a text must look like. Each source is named at its function. */
#ifndef MANIFEST_SCHEMA_FORMAT_H
#define MANIFEST_SCHEMA_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

struct format {
	const char *name;
	const char *what; /* for messages: "is no <what>" */
	const char *hint; /* an example */
	size_t bytes_a_step; /* of text that are looked at in the time of a step */
	bool (*valid)(const char *s, size_t n); /* s is valid UTF-8 */
};

/* NULL for a name that is not known: such a format says nothing. */
const struct format *format_find(const char *name, size_t n);

/* schema_format_time.c */
bool format_date(const char *s, size_t n);
bool format_time(const char *s, size_t n);
bool format_date_time(const char *s, size_t n);

/* schema_format_net.c */
bool format_ipv4(const char *s, size_t n);
bool format_ipv6(const char *s, size_t n);
bool format_hostname(const char *s, size_t n);
bool format_email(const char *s, size_t n);

/* schema_format_uri.c */
bool format_uri(const char *s, size_t n);
bool format_uri_reference(const char *s, size_t n);

#endif
