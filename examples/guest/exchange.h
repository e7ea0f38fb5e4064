/* SPDX-License-Identifier: MIT */
/* Two programs of two VMs that exchange messages by memory and doorbells. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "region.h"

/* Asks, and waits for the answer, `times` times, with each vector in turn; the exit code. */
int exchange_ping(struct region *region, uint32_t times);

/* Answers `times` times; 0: for ever. The exit code. */
int exchange_echo(struct region *region, uint32_t times);

#endif
