#include "manifest/yaml_comment.h"

#include <string.h>

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_break(char c)
{
	return c == '\n' || c == '\r';
}

/* What lies between two events is indicators, white space and comments. */
static bool
gap_right(struct place *cursor, size_t to)
{
	const char *s = cursor->s;

	for (size_t i = cursor->byte; i < to; i++) {
		if (s[i] != '#')
			continue;
		if (i > 0 && !is_space(s[i - 1])) {
			place_to_byte(cursor, i);
			return false;
		}
		while (i < to && !is_break(s[i]))
			i++;
	}
	return true;
}

/* Anchor, tag, '|' or '>', what belongs to it: a '#' must not follow at once. */
static bool
header_right(struct place *cursor, size_t end)
{
	const char *s = cursor->s;
	size_t i = cursor->byte;

	while (i < end && s[i] != '|' && s[i] != '>') {
		bool comment = s[i] == '#';

		while (i < end && !(comment ? is_break(s[i]) : is_space(s[i])))
			i++;
		while (i < end && is_space(s[i]))
			i++;
	}
	for (i++; i < end && s[i] != '\0' && strchr("+-0123456789", s[i]) != NULL; i++)
		;
	if (i >= end || s[i] != '#')
		return true;
	place_to_byte(cursor, i);
	return false;
}

/* Directives and "---". Only behind a version libyaml is that lenient. */
static bool
directives_right(struct place *cursor, size_t end)
{
	const char *s = cursor->s;
	bool version = false;

	for (size_t i = cursor->byte; i < end; i++) {
		if (i == 0 || is_break(s[i - 1]))
			version = end - i > 5 && memcmp(s + i, "%YAML", 5) == 0;
		if (version && s[i] == '#') {
			place_to_byte(cursor, i);
			return is_space(s[i - 1]);
		}
	}
	return true;
}

static bool
is_block(const yaml_event_t *e)
{
	return e->type == YAML_SCALAR_EVENT &&
	    (e->data.scalar.style == YAML_LITERAL_SCALAR_STYLE || e->data.scalar.style == YAML_FOLDED_SCALAR_STYLE);
}

bool
yaml_comment_right(struct place *cursor, const yaml_event_t *e)
{
	struct place start = *cursor, end;

	/* Some events have no text and stand at the end of what came before them. */
	if (e->start_mark.index > cursor->character) {
		place_to_character(&start, e->start_mark.index);
		if (!gap_right(cursor, start.byte))
			return false;
		*cursor = start;
	}
	end = *cursor;
	if (e->end_mark.index > cursor->character)
		place_to_character(&end, e->end_mark.index);
	if (is_block(e) && !header_right(cursor, end.byte))
		return false;
	if (e->type == YAML_DOCUMENT_START_EVENT && !directives_right(cursor, end.byte))
		return false;
	*cursor = end;
	return true;
}
