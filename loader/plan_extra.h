/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings that a loader's user adds to the plan.  For plan.c alone.
 */
#ifndef LOADER_PLAN_EXTRA_H
#define LOADER_PLAN_EXTRA_H

#include "loader/plan.h"

/* Adds the layout's extra mappings to a plan that is otherwise complete and has room for them.
 * Refused as loader/plan.h says; the plan is as before then, but for those already added. */
enum ldr_status ldr_plan_add_extra(struct ldr_plan *plan, const struct ldr_layout *layout,
                                   struct ldr_report *report);

#endif
