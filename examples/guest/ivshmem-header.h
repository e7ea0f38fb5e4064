/*
 * The header that `ivshmem serve --label` writes at the beginning of a region's memory, for guests:
 * programs of the user space that have BAR2 of the device mapped. C99 or C++.
 * The format: docs/memory-header.md.
 *
 * SPDX-License-Identifier: MIT
 * Copyright (c) 2026 The ivshmem authors
 *
 * Rule 1: what is judged is a copy: other guests go on writing.
 * Rule 2: what a later header may have (reserved bytes in use, fields behind these) is passed over.
 * Rule 3: numbers are little-endian. To a big-endian guest the mark is reversed, which is an error here.
 */
#ifndef IVSHMEM_HEADER_H
#define IVSHMEM_HEADER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define IVSHMEM_HEADER_MARK 0x01020304u
#define IVSHMEM_HEADER_VERSION 1u
#define IVSHMEM_HEADER_MAX_VECTORS 2048u

struct ivshmem_header {
    char magic[8];         /* "IVSHMEM" and its NUL */
    uint32_t byte_order;   /* IVSHMEM_HEADER_MARK */
    uint32_t version;      /* IVSHMEM_HEADER_VERSION */
    uint32_t header_size;  /* 128 or more: data of your own begin behind it */
    uint32_t vectors;      /* of the region that the memory was made for, 1-2048 */
    uint64_t region_size;  /* bytes in the memory, this header among them */
    char label[64];        /* UTF-8, 1-63 bytes, then NULs */
    uint8_t reserved[32];  /* zero when it is written, not to be looked at */
};

/* What is wrong, first things first. */
enum ivshmem_header_fault {
    IVSHMEM_HEADER_BAD_MAGIC = -1,      /* no header, or one that was written over */
    IVSHMEM_HEADER_BAD_BYTE_ORDER = -2, /* written or read by a machine of another byte order */
    IVSHMEM_HEADER_BAD_VERSION = -3,    /* one that this file does not know */
    IVSHMEM_HEADER_BAD_SIZE = -4,       /* too short, longer than the memory, or of another memory */
    IVSHMEM_HEADER_BAD_VECTORS = -5,    /* what no region has */
    IVSHMEM_HEADER_BAD_LABEL = -6       /* empty, or without its end */
};

/* C99 has no static assertion: an array of a negative length is an error. */
#define IVSHMEM_HEADER_ASSERT(name, condition) \
    typedef char ivshmem_header_assert_##name[(condition) ? 1 : -1]
#define IVSHMEM_HEADER_ASSERT_AT(field, offset) \
    IVSHMEM_HEADER_ASSERT(field, offsetof(struct ivshmem_header, field) == (offset))
IVSHMEM_HEADER_ASSERT_AT(magic, 0);
IVSHMEM_HEADER_ASSERT_AT(byte_order, 8);
IVSHMEM_HEADER_ASSERT_AT(version, 12);
IVSHMEM_HEADER_ASSERT_AT(header_size, 16);
IVSHMEM_HEADER_ASSERT_AT(vectors, 20);
IVSHMEM_HEADER_ASSERT_AT(region_size, 24);
IVSHMEM_HEADER_ASSERT_AT(label, 32);
IVSHMEM_HEADER_ASSERT_AT(reserved, 96);
IVSHMEM_HEADER_ASSERT(size, sizeof(struct ivshmem_header) == 128);
#undef IVSHMEM_HEADER_ASSERT_AT
#undef IVSHMEM_HEADER_ASSERT

/*
 * Copies the header of a memory of so many bytes, and judges the copy: 0, or the first fault, a negative
 * number. A memory of less than 128 bytes is IVSHMEM_HEADER_BAD_SIZE, and nothing is copied. When it is 0,
 * `copy->label` ends in a NUL. (Whether it is good UTF-8 is not looked at: other guests may have written
 * it, so mind what you print.)
 */
static inline int ivshmem_header_check(const volatile void *memory, uint64_t size,
                                       struct ivshmem_header *copy)
{
    const volatile unsigned char *from = (const volatile unsigned char *)memory;
    unsigned char *to = (unsigned char *)copy;
    size_t length, i;

    if (size < sizeof *copy)
        return IVSHMEM_HEADER_BAD_SIZE;
    for (i = 0; i < sizeof *copy; i++)
        to[i] = from[i];
    if (memcmp(copy->magic, "IVSHMEM", sizeof copy->magic) != 0)
        return IVSHMEM_HEADER_BAD_MAGIC;
    if (copy->byte_order != IVSHMEM_HEADER_MARK)
        return IVSHMEM_HEADER_BAD_BYTE_ORDER;
    if (copy->version != IVSHMEM_HEADER_VERSION)
        return IVSHMEM_HEADER_BAD_VERSION;
    if (copy->header_size < sizeof *copy || copy->header_size > size || copy->region_size != size)
        return IVSHMEM_HEADER_BAD_SIZE;
    if (copy->vectors < 1 || copy->vectors > IVSHMEM_HEADER_MAX_VECTORS)
        return IVSHMEM_HEADER_BAD_VECTORS;
    for (length = 0; length < sizeof copy->label && copy->label[length] != '\0'; length++)
        ;
    if (length == 0 || length == sizeof copy->label)
        return IVSHMEM_HEADER_BAD_LABEL;
    for (i = length; i < sizeof copy->label; i++)
        if (copy->label[i] != '\0')
            return IVSHMEM_HEADER_BAD_LABEL;
    return 0;
}

#endif
