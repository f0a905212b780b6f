/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target without libFuzzer, over each file of a folder, and over each with its end cut off at
 * some places: `make check` runs every corpus so.
 *
 *	fuzz_NAME FOLDER
 */
#include "fuzz.h"

#include "base/io.h"
#include "base/own.h"

#include <fcntl.h>
#include <string.h>

enum { LARGEST = 1 << 20, CUTS = 16 };

/* In memory of exactly that size, so that a sanitizer sees a byte too much. */
static void one(const char *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		exit(1);
	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

int main(int argc, char **argv)
{
	_own_dir DIR *d = argc == 2 ? opendir(argv[1]) : NULL;
	unsigned files = 0;

	if (!d)
		return 2;
	for (struct dirent *x; (x = readdir(d));) {
		_own_free char *data = NULL;
		size_t len;

		if (x->d_name[0] == '.')
			continue;
		if (io_read_file(dirfd(d), x->d_name, LARGEST, &data, &len) < 0)
			return 1;
		files++;
		for (size_t cut = 0; cut < CUTS; cut++)
			one(data, len * (CUTS - cut) / CUTS);
	}
	(void)printf("%u files\n", files);
	return files ? 0 : 1; /* a corpus that is empty tests nothing */
}
