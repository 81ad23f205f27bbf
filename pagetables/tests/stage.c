/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/tests/stage.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FIRST_FRAME UINT64_C(0x100000)
#define MANY        128

/* The pool's own reserve() promises to one caller at a time; this one keeps account. */
static bool locked_reserve(void *context, size_t count)
{
    struct stage *stage = context;
    pthread_mutex_lock(&stage->lock);
    bool granted = count <= stage->pool.free_count - stage->promised;
    stage->promised += granted ? count : 0;
    pthread_mutex_unlock(&stage->lock);
    return granted;
}

static uint64_t locked_take(void *context)
{
    struct stage *stage = context;
    struct pgt_frames frames = pgt_pool_frames(&stage->pool);
    pthread_mutex_lock(&stage->lock);
    uint64_t frame = frames.take(frames.context);
    stage->promised--;
    pthread_mutex_unlock(&stage->lock);
    return frame;
}

static void locked_give(void *context, uint64_t frame)
{
    struct stage *stage = context;
    struct pgt_frames frames = pgt_pool_frames(&stage->pool);
    pthread_mutex_lock(&stage->lock);
    frames.give(frames.context, frame);
    pthread_mutex_unlock(&stage->lock);
}

void stage_init(struct stage *stage, unsigned levels, size_t pages)
{
    *stage = (struct stage){.pages = pages, .epoch = 1};
    stage->arch = (struct pgt_arch){.levels = (uint8_t)levels,
                                    .physical_bits = 46,
                                    .pages_1g = true,
                                    .no_execute = true,
                                    .pat = PGT_PAT_LIMINE};
    pthread_mutex_init(&stage->lock, NULL);
    stage->memory = aligned_alloc(PGT_PAGE, pages * PGT_PAGE);
    if (!stage->memory)
        stage_fail("no memory for %zu frames", pages);
    pgt_pool_init_arena(&stage->pool, stage->memory, pages * PGT_PAGE, FIRST_FRAME);
    stage->frames = (struct pgt_frames){.reserve = locked_reserve,
                                        .take = locked_take,
                                        .give = locked_give,
                                        .context = stage,
                                        .offset = stage->pool.offset};
}

void stage_free(struct stage *stage)
{
    stage_recycle(stage);
    if (stage->pool.free_count != stage->pages || stage->promised || stage->pool.double_gives ||
        stage->pool.foreign_gives)
        stage_fail("%zu of %zu frames came back; %zu granted and not taken; %zu and %zu false",
                   stage->pool.free_count, stage->pages, stage->promised, stage->pool.double_gives,
                   stage->pool.foreign_gives);
    pthread_mutex_destroy(&stage->lock);
    free(stage->memory);
}

/* An exchange, so that no entry is read before others can see who reads. */
void stage_enter(struct stage *stage, unsigned visitor)
{
    uint64_t epoch = __atomic_load_n(&stage->epoch, __ATOMIC_SEQ_CST);
    __atomic_exchange_n(&stage->visiting[visitor], epoch, __ATOMIC_SEQ_CST);
}

void stage_leave(struct stage *stage, unsigned visitor)
{
    __atomic_store_n(&stage->visiting[visitor], 0, __ATOMIC_RELEASE);
}

/* The lock keeps frames that another writer gives back meanwhile out of this round: they have
 * waited for nobody yet. */
void stage_recycle(struct stage *stage)
{
    pthread_mutex_lock(&stage->lock);
    uint64_t epoch = __atomic_add_fetch(&stage->epoch, 1, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < STAGE_VISITORS; i++) {
        uint64_t since = __atomic_load_n(&stage->visiting[i], __ATOMIC_SEQ_CST);
        while (since != 0 && since < epoch) {
            sched_yield();
            since = __atomic_load_n(&stage->visiting[i], __ATOMIC_SEQ_CST);
        }
    }
    pgt_pool_recycle(&stage->pool);
    pthread_mutex_unlock(&stage->lock);
}

void stage_tidy(struct stage *stage)
{
    pthread_mutex_lock(&stage->lock);
    bool many = stage->pool.quarantine_count > MANY;
    pthread_mutex_unlock(&stage->lock);
    if (many)
        stage_recycle(stage);
}

void stage_start(pthread_t *thread, void *(*body)(void *), void *context)
{
    if (pthread_create(thread, NULL, body, context) != 0)
        stage_fail("no thread");
}

bool stage_runs(const struct stage *stage)
{
    return !__atomic_load_n(&stage->over, __ATOMIC_RELAXED);
}

void stage_run(struct stage *stage, double seconds)
{
    struct timespec time = {.tv_sec = (time_t)seconds};
    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    nanosleep(&time, NULL);
    __atomic_store_n(&stage->over, true, __ATOMIC_RELAXED);
}

void stage_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    flockfile(stderr);
    fputs("threads: FAILED: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    _Exit(1);
}

void stage_expect(enum pgt_status status, const char *call)
{
    if (status != PGT_OK)
        stage_fail("%s: %s", call, pgt_status_text(status));
}

void stage_check(const struct pgt_space *space)
{
    struct pgt_fault fault;
    if (pgt_check(space, &fault) != PGT_OK)
        stage_fail("pgt_check: %s (level %u, virtual %#lx, entry %#lx)", fault.rule, fault.level,
                   (unsigned long)fault.virt, (unsigned long)fault.entry);
}

uint64_t stage_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

unsigned stage_below(uint64_t *state, unsigned limit)
{
    return (unsigned)((stage_random(state) >> 32) % limit);
}
