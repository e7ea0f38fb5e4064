/* SPDX-License-Identifier: MIT */
/* PCI devices, as Linux shows them in /sys. */
#ifndef PCI_H
#define PCI_H

#include "region.h"

/* The addresses of devices 1af4:1110, up to `most`; the number of them. */
int pci_list(char names[][REGION_NAME_SIZE], int most);

/* Opens a file of a device: /sys/bus/pci/devices/NAME/FILE; -1 with errno. */
int pci_open_file(const char *name, const char *file, int flags);

#endif
