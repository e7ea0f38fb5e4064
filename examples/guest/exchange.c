// SPDX-License-Identifier: MIT
/*
 * The pattern that misses nothing: put the state into the memory, then ring; who waits looks at the
 * memory first, then waits. And nobody relies on a ring to arrive, for who was not there yet was not
 * rung: after a while look again, and ring again.
 */
#include "exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OFFSET 4096 /* the first page is the label's */
#define MOST_VECTORS 2048
#define TEXT_SIZE 32
#define PATIENCE_MS 500

/* Numbers are written after what they are about, and read before it. */
struct exchange {
	uint32_t echo;	   /* ID of the peer that answers, plus 1; 0: there is none */
	uint32_t ping;	   /* of the one that asks */
	uint32_t asked;	   /* number of the newest question */
	uint32_t answered; /* of the newest answer */
	uint32_t vector;   /* to ring, with question and answer */
	char question[TEXT_SIZE];
	char answer[2 * TEXT_SIZE];
};

static uint32_t interrupts[MOST_VECTORS];

static uint32_t load(const uint32_t *number)
{
	return __atomic_load_n(number, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *number, uint32_t value)
{
	__atomic_store_n(number, value, __ATOMIC_RELEASE);
}

static struct exchange *exchange_in(const struct region *region)
{
	if (region->size < OFFSET + sizeof(struct exchange)) {
		fprintf(stderr, "the memory is too small: two pages are needed\n");
		exit(1);
	}
	return (struct exchange *)((char *)region->memory + OFFSET);
}

static void wait_a_while(struct region *region)
{
	if (region->vectors == 0) {
		usleep(1000);
		return;
	}
	if (region_wait(region, interrupts, MOST_VECTORS, PATIENCE_MS) < 0) {
		perror("waiting for an interrupt");
		exit(1);
	}
}

/*
 * Whoever cannot ring is seen by who looks again. Whom and which comes from the memory, which
 * anybody writes: what cannot be is nobody.
 */
static void ring(struct region *region, uint32_t id_plus_1, uint32_t vector)
{
	if (region->vectors == 0 || id_plus_1 == 0 || id_plus_1 > 0x10000 || vector > 0xffff)
		return;
	if (region_ring(region, id_plus_1 - 1, vector) < 0) {
		perror("ringing");
		exit(1);
	}
}

static void print_interrupts(const struct region *region)
{
	printf("interrupts per vector:");
	for (uint32_t vector = 0; vector < region->vectors && vector < MOST_VECTORS; vector++)
		printf(" %u", interrupts[vector]);
	printf("\n");
}

/* The ID of the peer that answered, or -1 if this is no answer to that. */
static long answerer(const struct exchange *exchange, const char *question)
{
	char text[3 * TEXT_SIZE];
	int length = snprintf(text, sizeof(text), "%s, read by peer ", question);

	if (strncmp(exchange->answer, text, length) != 0)
		return -1;
	return strtol(exchange->answer + length, NULL, 10);
}

int exchange_ping(struct region *region, uint32_t times)
{
	struct exchange *exchange = exchange_in(region);
	char question[TEXT_SIZE];
	long peer, last = -1;

	store(&exchange->ping, region->peer + 1);
	for (uint32_t i = 0; i < times; i++) {
		const uint32_t number = load(&exchange->asked) + 1;
		const uint32_t vector = region->vectors == 0 ? 0 : i % region->vectors;

		snprintf(question, TEXT_SIZE, "message %u of peer %u", i + 1, region->peer);
		memcpy(exchange->question, question, TEXT_SIZE);
		exchange->vector = vector;
		store(&exchange->asked, number);
		do {
			ring(region, load(&exchange->echo), vector);
			wait_a_while(region);
		} while (load(&exchange->answered) != number);
		peer = answerer(exchange, question);
		if (peer < 0) {
			fprintf(stderr, "what was answered to '%s' is no answer\n", question);
			return 1;
		}
		if (peer != last)
			printf("message %u and the next: answered by peer %ld\n", i + 1, peer);
		fflush(stdout);
		last = peer;
	}
	printf("%u round trips\n", times);
	print_interrupts(region);
	return 0;
}

int exchange_echo(struct region *region, uint32_t times)
{
	struct exchange *exchange = exchange_in(region);
	char question[TEXT_SIZE];
	uint32_t number;

	store(&exchange->echo, region->peer + 1);
	fprintf(stderr, "peer %u answers\n", region->peer);
	for (uint32_t i = 0; times == 0 || i < times; i++) {
		while ((number = load(&exchange->asked)) == load(&exchange->answered))
			wait_a_while(region);
		memcpy(question, exchange->question, TEXT_SIZE - 1);
		question[TEXT_SIZE - 1] = '\0';
		snprintf(exchange->answer, sizeof(exchange->answer), "%s, read by peer %u",
			 question, region->peer);
		store(&exchange->answered, number);
		ring(region, load(&exchange->ping), exchange->vector);
	}
	printf("%u answers\n", times);
	print_interrupts(region);
	return 0;
}
