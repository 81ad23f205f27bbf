/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a kernel doesn't get what it asks for: what is no reason to refuse it, and what
 * loaders pass over in silence.
 *
 * Each finding is one line to the log.  It begins with the kernel file's name and "warning:",
 * where the kernel is at fault, or "note:", where it is the machine; it names the place with
 * symbol, segment and file offset, and says what to do.
 */
#ifndef LOADER_EXPLAIN_H
#define LOADER_EXPLAIN_H

#include "loader/report.h"
#include "loader/respond.h"

/* Warns of what is odd about the requests in a loaded image, each with the reason for which this
 * loader or another may pass over it:
 * - a request, marker or base revision tag that is not 8-byte aligned;
 * - a request or tag outside the markers; a marker without the other; several of one kind;
 * - a request that the list in `.limine_reqs` leaves out, or such a list where the base revision
 *   has none; at base revision 0, that newer loaders don't read the list;
 * - a revision of a request that is not known; a response that is not null before there is one;
 * - a variable of a request's size and name in memory that the file doesn't fill;
 * - no request at all.
 * At most 64 lines, and then one that there are more.
 * What ldr_requests_find() refuses, or warns of itself, is left to it.  `memory` is what
 * ldr_image_load() wrote to. */
void ldr_explain_requests(const struct ldr_image *image, const void *memory,
                          const struct ldr_log *log);

/* Notes what the kernel asked for and this machine or its configuration doesn't have: requests
 * without response, and other levels of page tables than it prefers.  `image_memory` is what
 * ldr_respond() wrote to. */
void ldr_explain_answers(const struct ldr_answers *answers, const void *image_memory,
                         const struct ldr_log *log);

#endif
