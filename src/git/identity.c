#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/mem.h"
#include "git/checkout.h"

void
checkout_identify(const char *root, struct checkout_identity *ret)
{
	git_buf dir = GIT_BUF_INIT;
	struct statx sx;

	*ret = (struct checkout_identity){.root = realpath(root, NULL)};
	if (ret->root == NULL || git_repository_discover(&dir, ret->root, 0, NULL) != 0)
		goto out;
	if (statx(AT_FDCWD, dir.ptr, 0, STATX_INO | STATX_BTIME, &sx) == 0) {
		ret->git_dir = mem_strdup(dir.ptr);
		ret->dev = makedev(sx.stx_dev_major, sx.stx_dev_minor);
		ret->ino = sx.stx_ino;
		if ((sx.stx_mask & STATX_BTIME) != 0)
			ret->born_ns = sx.stx_btime.tv_sec * 1000000000 + sx.stx_btime.tv_nsec;
	} else {
		ret->unknown = errno != ENOENT && errno != ENOTDIR;
	}
out:
	git_buf_dispose(&dir);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
checkout_identity_same(const struct checkout_identity *then, const struct checkout_identity *now)
{
	return now->unknown ||
	    (same_text(then->root, now->root) && same_text(then->git_dir, now->git_dir) && then->dev == now->dev &&
		then->ino == now->ino && then->born_ns == now->born_ns);
}

void
checkout_identity_free(struct checkout_identity *id)
{
	free(id->root);
	free(id->git_dir);
	*id = (struct checkout_identity){0};
}
