/* SPDX-License-Identifier: MIT */
/*
 * A region as a program in a guest has it. The three ways to reach one implement this, each in a
 * file of its own: driver/region.c, vfio/region.c, plain/region.c.
 */
#ifndef REGION_H
#define REGION_H

#include <stdint.h>

#define REGION_NAME_SIZE 256

struct region {
	void *memory;
	uint64_t size;	    /* of the memory, in bytes */
	uint32_t peer;	    /* the own ID */
	uint32_t vectors;   /* that can interrupt; 0: memory only */
	int device;	    /* the implementation's: the device's file, */
	int events;	    /* one that is readable when an interrupt came, */
	uint64_t registers; /* and where BAR0 begins in the device's file */
};

/* The devices there are, up to `most`; the number of them. */
int region_list(char names[][REGION_NAME_SIZE], int most);

/* Opens one of those, whose memory is mapped then; 0, or -1 with errno. */
int region_open(struct region *region, const char *name);

void region_close(struct region *region);

/*
 * Rings one vector of one peer, after all that was written to the memory; 0, or -1 with errno:
 * EOPNOTSUPP without vectors, EINVAL for a number over 65535.
 */
int region_ring(struct region *region, uint32_t peer, uint32_t vector);

/*
 * Waits for interrupts, and adds those that came to counts[vector] for the first `most` vectors; the
 * number of vectors that had some, 0 when the time is over (-1 ms: never), or -1 with errno:
 * EOPNOTSUPP without vectors.
 */
int region_wait(struct region *region, uint32_t counts[], uint32_t most, int timeout_ms);

#endif
