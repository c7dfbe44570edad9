#include "ctl/report.h"

#include <string.h>

#include "base/text.h"
#include "ctl/excerpt.h"
#include "ctl/sarif.h"

int
report_format(const char *name, enum report_format *ret)
{
	static const char *const names[] = {
	    [REPORT_TEXT] = "text", [REPORT_JSON] = "json", [REPORT_SARIF] = "sarif", [REPORT_GITHUB] = "github"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0) {
			*ret = (enum report_format)i;
			return 0;
		}
	return -1;
}

/* The command ends at the line's end; ':' and ',' only matter in what stands before the message. */
static void
report_github_text(struct buf *b, const char *s, const char *special)
{
	struct buf text = {0};

	text_escape(&text, s, strlen(s));
	for (size_t i = 0; i < text.n; i++) {
		if (strchr(special, text.p[i]) != NULL)
			buf_addf(b, "%%%02X", (unsigned char)text.p[i]);
		else
			buf_addch(b, text.p[i]);
	}
	buf_free(&text);
}

static void
report_github(struct buf *b, const struct finding *f)
{
	buf_addf(b, "::%s file=", strcmp(f->severity, "note") == 0 ? "notice" : f->severity);
	report_github_text(b, f->file, "%:,");
	if (f->line > 0)
		buf_addf(b, ",line=%d,col=%d", f->line, f->column);
	buf_addf(b, ",title=%s::", f->code);
	report_github_text(b, f->message, "%");
	if (f->hint != NULL) {
		buf_addstr(b, "; ");
		report_github_text(b, f->hint, "%");
	}
	buf_addch(b, '\n');
}

void
report_begin(struct report *r, const struct out *o, enum report_format format)
{
	*r = (struct report){.out = o, .format = format};
	if (format == REPORT_SARIF)
		sarif_begin(&r->b);
}

void
report_add(struct report *r, const struct finding *f, const char *text, size_t n)
{
	switch (r->format) {
	case REPORT_TEXT:
		finding_text(r->out, &r->b, f);
		if (text != NULL)
			excerpt_add(r->out, &r->b, finding_style(f->severity), text, n, f->line, f->column);
		break;
	case REPORT_JSON:
		finding_json(r->out, &r->b, f);
		break;
	case REPORT_SARIF:
		sarif_add(&r->b, f);
		break;
	case REPORT_GITHUB:
		report_github(&r->b, f);
		break;
	}
}

void
report_flush(struct report *r)
{
	if (r->format != REPORT_SARIF)
		out_write(&r->b);
}

void
report_end(struct report *r)
{
	if (r->format == REPORT_SARIF) {
		struct buf line = {0};

		sarif_end(&r->b);
		out_json(r->out, &line, buf_str(&r->b), r->b.n);
		buf_free(&r->b);
		r->b = line;
	}
	out_write(&r->b);
	buf_free(&r->b);
}
