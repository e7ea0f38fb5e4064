// SPDX-License-Identifier: MIT
#include "pci.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEVICES "/sys/bus/pci/devices/"

int pci_open_file(const char *name, const char *file, int flags)
{
	char path[2 * REGION_NAME_SIZE];

	snprintf(path, sizeof(path), DEVICES "%s/%s", name, file);
	return open(path, flags | O_CLOEXEC);
}

static unsigned long read_number(const char *name, const char *file)
{
	char text[32] = "";
	int fd = pci_open_file(name, file, O_RDONLY);

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtoul(text, NULL, 16);
}

int pci_list(char names[][REGION_NAME_SIZE], int most)
{
	glob_t found;
	int count = 0;

	if (glob(DEVICES "*", 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc && count < most; i++) {
		const char *name = found.gl_pathv[i] + strlen(DEVICES);

		if (read_number(name, "vendor") == 0x1af4 && read_number(name, "device") == 0x1110)
			snprintf(names[count++], REGION_NAME_SIZE, "%s", name);
	}
	globfree(&found);
	return count;
}
