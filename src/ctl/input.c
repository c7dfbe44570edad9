#include "ctl/input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/limits.h"

#define PIECE (64 * 1024)

int
input_stdin(struct buf *out, struct err *e)
{
	while (out->n <= LIMIT_FILE) {
		ssize_t n = read(STDIN_FILENO, buf_reserve(out, PIECE), PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "cannot read standard input");
		if (n == 0)
			break;
		buf_commit(out, (size_t)n);
	}
	return 0;
}

int
input_read(const char *path, struct buf *out, struct err *e)
{
	return strcmp(path, "-") == 0 ? input_stdin(out, e) : fs_read(path, LIMIT_FILE, out, e);
}
