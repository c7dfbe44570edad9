#include "watch/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int
place_of(int fd, struct place *ret)
{
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_INO, &sx) != 0)
		return -1;
	*ret = (struct place){
	    .dev = makedev(sx.stx_dev_major, sx.stx_dev_minor),
	    .ino = sx.stx_ino,
	    .mounted = (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0,
	};
	return 0;
}

int
place_empty(int fd)
{
	_Alignas(struct dirent64) char entries[1024];
	bool empty = true;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	while (empty && (n = getdents64(fd, entries, sizeof entries)) != 0) {
		if (n < 0)
			return -1;
		for (const char *p = entries; p < entries + n;) {
			const struct dirent64 *d = (const void *)p;

			empty = empty && (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0);
			p += d->d_reclen;
		}
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -1 : empty;
}

/* statfs(2); those that linux/magic.h does not have in Debian 12 as well. */
static const struct {
	uint32_t magic;
	const char *name;
} silent[] = {
    {0x00006969, "NFS"},
    {0x0000517b, "SMB"},
    {0xff534d42, "CIFS"},
    {0xfe534d42, "SMB2"},
    {0x65735546, "FUSE"},
    {0x01021997, "9p"},
    {0x00c36400, "Ceph"},
    {0x5346414f, "AFS"},
    {0x6b414653, "AFS"},
    {0x0bd00bd0, "Lustre"},
    {0x01161970, "GFS2"},
    {0x7461636f, "OCFS2"},
    {0x73757245, "Coda"},
    {0x47504653, "GPFS"},
    {0x19830326, "BeeGFS"},
    {0x786f4256, "vboxsf"},
    {0x7c7c6673, "prl_fs"},
    {0x00c0ffee, "hostfs"},
};

bool
place_silent(int fd, const char **ret_name)
{
	struct statfs sf;

	if (fstatfs(fd, &sf) != 0)
		return false;
	for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
		if ((uint32_t)sf.f_type != silent[i].magic)
			continue;
		if (ret_name != NULL)
			*ret_name = silent[i].name;
		return true;
	}
	return false;
}
