/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files that write answers; nobody else includes this.
 */
#ifndef LOADER_RESPOND_PARTS_H
#define LOADER_RESPOND_PARTS_H

#include "loader/respond.h"

/* One run through all answers, counting or writing: the same code does both.  An
 * answer is made as a value and then put into the arena, which gives it an
 * address in either case and a copy only when there is memory. */
struct ldr_writer {
    const struct ldr_answers *answers;
    struct ldr_arena *arena;
    struct ldr_late *late;
    uint64_t kernel_cmdline; /* put once: two features point at it */
};

/* Sets aside `bytes` zeroed bytes, 8-byte aligned.  Null when only counting, and where
 * the arena is smaller than counting said; *ret_address is always right. */
void *ldr_keep(struct ldr_writer *writer, size_t bytes, uint64_t *ret_address);

/* Copies something into the arena and returns where the kernel sees it. */
uint64_t ldr_put(struct ldr_writer *writer, const void *from, size_t bytes);
uint64_t ldr_put_text(struct ldr_writer *writer, const char *text);

/* Each puts one answer and returns its address, or 0 where there is nothing to tell. */
uint64_t ldr_answer_executable_file(struct ldr_writer *writer);
uint64_t ldr_answer_modules(struct ldr_writer *writer);
uint64_t ldr_answer_framebuffer(struct ldr_writer *writer);
uint64_t ldr_answer_pagetables(struct ldr_writer *writer);
uint64_t ldr_answer_mp(struct ldr_writer *writer);
uint64_t ldr_answer_tsc_frequency(struct ldr_writer *writer);
uint64_t ldr_answer_performance(struct ldr_writer *writer);
uint64_t ldr_answer_entropy(struct ldr_writer *writer);
uint64_t ldr_answer_event_log(struct ldr_writer *writer);
uint64_t ldr_answer_memmap(struct ldr_writer *writer);
uint64_t ldr_answer_efi_memmap(struct ldr_writer *writer);

/* A framebuffer as the kernel sees it, but for its modes. */
struct limine_framebuffer ldr_framebuffer_told(const struct ldr_framebuffer *screen, uint64_t hhdm);

#endif
