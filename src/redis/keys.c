#include "redis/keys.h"

#include <string.h>

#include "base/buf.h"

#define CATALOG_MAX 64
#define KEYS_SLOTS 16384

char *
keys_make(const char *catalog, const char *suffix)
{
	struct buf key = {0};

	buf_addstr(&key, "shelf:{");
	buf_addstr(&key, catalog);
	buf_addstr(&key, "}:");
	buf_addstr(&key, suffix);
	return buf_steal(&key);
}

bool
keys_catalog_valid(const char *catalog)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strlen(catalog);

	return n >= 1 && n <= CATALOG_MAX && strspn(catalog, allowed) == n;
}

unsigned int
keys_slot(const char *catalog)
{
	unsigned int crc = 0;

	/* CRC16-CCITT (XMODEM) of what stands in the braces: Redis Cluster Specification, "Hash tags". */
	for (; *catalog != '\0'; catalog++) {
		crc ^= (unsigned int)(unsigned char)*catalog << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
		crc &= 0xffff;
	}
	return crc % KEYS_SLOTS;
}
