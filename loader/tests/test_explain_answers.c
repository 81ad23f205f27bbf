/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that each request without response is noted with its place and a reason, that an
 * answered one is not, and that other levels than the preferred ones are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/explain.h"
#include "loader/tests/requests_kernel.h"

#define AT(feature) (REQUESTS_DATA + 0x50 * (uint64_t)(feature))

struct fixture {
    struct requests_kernel kernel;
    struct ldr_plan plan;
    struct ldr_answers answers;
    unsigned lines;
    char line[LDR_FEATURES + 1][LDR_REPORT_BYTES];
};

static int make(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    requests_kernel_make(&f->kernel);
    f->plan.arch.levels = 4;
    f->answers = (struct ldr_answers){
        .image = &f->kernel.image, .requests = &f->kernel.requests, .plan = &f->plan};
    *state = f;
    return 0;
}

static int unmake(void **state)
{
    struct fixture *f = *state;

    requests_kernel_free(&f->kernel);
    free(f);
    return 0;
}

static void keep_line(void *context, const char *text)
{
    struct fixture *f = context;

    assert_true(f->lines <= LDR_FEATURES);
    strcpy(f->line[f->lines++], text);
}

static void explain(struct fixture *f)
{
    struct ldr_log log = {keep_line, f};

    f->lines = 0;
    ldr_explain_answers(&f->answers, f->kernel.memory, &log);
}

/* As ldr_requests_find() would find it, and as yet without response. */
static void ask(struct fixture *f, enum ldr_feature feature)
{
    requests_put_feature(&f->kernel, AT(feature), feature, 0);
    f->kernel.requests.present[feature] = true;
    f->kernel.requests.request[feature] = AT(feature);
    f->kernel.requests.levels = 4;
}

static void answer(struct fixture *f, enum ldr_feature feature)
{
    REQUESTS_PUT(&f->kernel, AT(feature) + 40, UINT64_C(0xffff800000001000));
}

static void each_feature_without_response_has_its_line(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < LDR_FEATURES; i++)
        ask(f, (enum ldr_feature)i);
    explain(f);
    assert_int_equal(f->lines, LDR_FEATURES);
    for (unsigned i = 0; i < LDR_FEATURES; i++) {
        char start[LDR_REPORT_BYTES];
        ldr_format(start, sizeof start,
                   "kernel.elf: note: the %s request at 0x%lx (segment 1, file offset 0x%lx) has "
                   "no response: ",
                   ldr_feature_name((enum ldr_feature)i), REQUESTS_BASE + AT(i),
                   AT(i) - REQUESTS_DATA);
        assert_memory_equal(f->line[i], start, strlen(start));
        assert_true(strlen(f->line[i]) > strlen(start));
    }
}

static void what_is_answered_is_no_news(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < LDR_FEATURES; i++) {
        ask(f, (enum ldr_feature)i);
        answer(f, (enum ldr_feature)i);
    }
    explain(f);
    assert_int_equal(f->lines, 0);
    REQUESTS_PUT(&f->kernel, AT(LDR_MODULE) + 40, 0);
    explain(f);
    assert_int_equal(f->lines, 1);
    assert_non_null(strstr(f->line[0], "the module request at "));
    assert_non_null(strstr(f->line[0], "no module_path"));
}

static void what_is_not_asked_for_is_not_missed(void **state)
{
    struct fixture *f = *state;

    f->kernel.requests.levels = 4;
    explain(f);
    assert_int_equal(f->lines, 0);
}

static void other_levels_than_preferred(void **state)
{
    struct fixture *f = *state;

    ask(f, LDR_PAGING_MODE);
    answer(f, LDR_PAGING_MODE);
    f->kernel.requests.levels = 5;
    explain(f);
    assert_int_equal(f->lines, 1);
    assert_string_equal(f->line[0], "kernel.elf: note: 4 levels of page tables, where the kernel "
                                    "prefers 5: as processor and configuration allow");
    f->plan.arch.levels = 5;
    explain(f);
    assert_int_equal(f->lines, 0);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, make, unmake)
    const struct CMUnitTest tests[] = {
        ONE(each_feature_without_response_has_its_line),
        ONE(what_is_answered_is_no_news),
        ONE(what_is_not_asked_for_is_not_missed),
        ONE(other_levels_than_preferred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
