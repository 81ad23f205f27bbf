/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs with threads stand on: one pool behind a lock, and a grace period before its
 * quarantine is emptied.  It is the caller's half of the library's bargain with readers
 * that take no lock, in the simplest form that is right.
 */
#ifndef PAGETABLES_TESTS_STAGE_H
#define PAGETABLES_TESTS_STAGE_H

#include <pthread.h>

#include "pagetables/pagetables.h"

#define STAGE_VISITORS 4

struct stage {
    struct pgt_frames frames; /* the pool's, behind the lock */
    struct pgt_arch arch;
    pthread_mutex_t lock;
    struct pgt_pool pool;
    size_t promised; /* granted to several at once, and not taken yet */
    void *memory;
    size_t pages;
    uint64_t epoch;
    uint64_t visiting[STAGE_VISITORS]; /* since which epoch; 0 outside */
    bool over;
};

void stage_init(struct stage *stage, unsigned levels, size_t pages);
/* Fails the test unless every frame is back. */
void stage_free(struct stage *stage);

/* Around every look at the tables by a thread that isn't their writer. */
void stage_enter(struct stage *stage, unsigned visitor);
void stage_leave(struct stage *stage, unsigned visitor);

/* Waits until everybody who may have seen a given-back table has left, then recycles. */
void stage_recycle(struct stage *stage);
/* The same, but only if many frames wait. */
void stage_tidy(struct stage *stage);

void stage_start(pthread_t *thread, void *(*body)(void *), void *context);
/* May this thread go on? */
bool stage_runs(const struct stage *stage);
/* Lets the threads run for that long, and then says that it is over. */
void stage_run(struct stage *stage, double seconds);

/* A message to standard error, and the end of the program: threads can't go on. */
_Noreturn void stage_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void stage_expect(enum pgt_status status, const char *call);
void stage_check(const struct pgt_space *space);

/* xorshift64*; the state shall not be 0. */
uint64_t stage_random(uint64_t *state);
unsigned stage_below(uint64_t *state, unsigned limit);

#endif
