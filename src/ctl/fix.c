#include "ctl/fix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/hunks.h"
#include "ctl/rewrite.h"
#include "manifest/mend.h"

struct fix_file {
	char *root, *path, *file;
	struct signature sig; /* of what it was made from */
	struct buf text;
};

struct fix {
	struct out out;
	bool aside;
	struct fix_file *v;
	size_t n, cap;
};

struct fix *
fix_new(const struct out *out, bool aside)
{
	struct fix *f = mem_zalloc(sizeof *f);

	f->out = *out;
	f->aside = aside;
	if (aside)
		f->out.color = false;
	return f;
}

void
fix_free(struct fix *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].root);
		free(f->v[i].path);
		free(f->v[i].file);
		buf_free(&f->v[i].text);
	}
	free(f->v);
	free(f);
}

static void
fix_show(const struct fix *f, const char *file, const struct buf *old, const struct mended *m)
{
	size_t mark = m->bom ? 3 : 0;
	struct buf b = {0};

	out_add(&f->out, &b, STYLE_BOLD, file);
	buf_addstr(&b, ": can be mended");
	if (m->bom)
		buf_addstr(&b, "; the byte order mark goes");
	if (m->crlf)
		buf_addstr(&b, "; lines end with LF instead of CRLF");
	buf_addch(&b, '\n');
	hunks_add(&f->out, &b, old->p + mark, old->n - mark, m->text.p, m->text.n);
	if (f->aside)
		(void)fwrite(b.p, 1, b.n, stderr);
	else
		out_write(&b);
	buf_free(&b);
}

static void
fix_remember(struct fix *f, const struct picked *p, char *file_take, const struct signature *sig, struct mended *m)
{
	if (f->n == f->cap) {
		f->cap = f->cap != 0 ? f->cap * 2 : 16;
		f->v = mem_realloc(f->v, f->cap, sizeof *f->v);
	}
	f->v[f->n++] = (struct fix_file){
	    .root = mem_strdup(p->root), .path = mem_strdup(p->path), .file = file_take, .sig = *sig, .text = m->text};
}

void
fix_look(struct fix *f, const struct picked *p)
{
	int root = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf old = {0};
	struct signature sig;
	struct mended m = {0};

	/* What can not be read is told by the check that follows. */
	if (root < 0)
		return;
	if (read_file(root, p->path, &old, &sig, NULL) == READ_OK &&
	    mend_text(kind_format(p->path), buf_str(&old), old.n, &m) == MEND_DONE) {
		char *file = picked_file(p);

		fix_show(f, file, &old, &m);
		fix_remember(f, p, file, &sig, &m);
	}
	buf_free(&old);
	(void)close(root);
}

size_t
fix_count(const struct fix *f)
{
	return f->n;
}

bool
fix_confirm(const struct fix *f)
{
	char answer[16];

	(void)fprintf(stderr, "write %zu file%s? [y/N] ", f->n, f->n == 1 ? "" : "s");
	(void)fflush(stderr);
	if (fgets(answer, sizeof answer, stdin) == NULL) {
		(void)fputc('\n', stderr);
		return false;
	}
	answer[strcspn(answer, "\n")] = '\0';
	return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}

int
fix_write(const struct fix *f)
{
	size_t written = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct fix_file *file = &f->v[i];
		struct err e;

		if (rewrite_file(file->root, file->path, &file->sig, buf_str(&file->text), file->text.n, &e) == 0)
			written++;
		else
			out_say("%s is left as it was: %s", file->file, e.msg);
	}
	out_note("mended %zu file%s", written, written == 1 ? "" : "s");
	return written == f->n ? CTL_OK : CTL_FAILURE;
}
