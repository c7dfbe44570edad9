#include "manifest/place.h"

void
place_init(struct place *p, const char *s, size_t n, int first_line)
{
	*p = (struct place){.s = s, .n = n, .first_line = first_line, .line = first_line, .column = 1};
}

static void
place_step(struct place *p)
{
	char c = p->s[p->byte++];

	while (p->byte < p->n && ((unsigned char)p->s[p->byte] & 0xc0) == 0x80)
		p->byte++;
	p->character++;
	p->column++;
	if (c == '\n' || (c == '\r' && (p->byte == p->n || p->s[p->byte] != '\n'))) {
		p->line++;
		p->column = 1;
	}
}

/* Over printable ASCII, of which most text is, without a look at what follows each character. */
static void
place_run(struct place *p, size_t bytes)
{
	size_t end = p->n - p->byte < bytes ? p->n : p->byte + bytes, i = p->byte;

	while (i < end && p->s[i] >= ' ' && p->s[i] <= '~')
		i++;
	p->character += i - p->byte;
	p->column += (int)(i - p->byte);
	p->byte = i;
}

void
place_to_byte(struct place *p, size_t byte)
{
	if (byte < p->byte)
		place_init(p, p->s, p->n, p->first_line);
	while (p->byte < byte && p->byte < p->n) {
		place_run(p, byte - p->byte);
		if (p->byte < byte && p->byte < p->n)
			place_step(p);
	}
}

void
place_to_character(struct place *p, size_t character)
{
	if (character < p->character)
		place_init(p, p->s, p->n, p->first_line);
	while (p->character < character && p->byte < p->n) {
		place_run(p, character - p->character);
		if (p->character < character && p->byte < p->n)
			place_step(p);
	}
}
