/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers about time, entropy, the TPM's event log, and keeping IOMMUs: what a kernel gets, what it
 * doesn't get, and what comes last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/tests/respond_machine.h"

static int start(void **state)
{
    respond_machine_begin(state);
    struct respond_machine *m = *state;
    m->machine.entropy = NULL;
    m->machine.tsc_hz = 0;
    m->machine.times.known = false;
    m->machine.event_log = (struct ldr_event_log){0};
    return 0;
}

static void assert_unanswered(const struct respond_machine *m, enum ldr_feature feature)
{
    assert_true(respond_word(m, feature) == RESPOND_UNTOUCHED);
}

static void frequency(void **state)
{
    struct respond_machine *m = *state;
    respond_ask(m, LDR_TSC_FREQUENCY, true);
    respond_now(m);
    assert_unanswered(m, LDR_TSC_FREQUENCY);
    m->machine.tsc_hz = UINT64_C(2596117000);
    respond_now(m);
    const struct limine_tsc_frequency_response *r = respond_to(m, LDR_TSC_FREQUENCY);
    assert_int_equal(r->revision, 0);
    assert_int_equal(r->frequency, UINT64_C(2596117000));
}

static void moments(void **state)
{
    struct respond_machine *m = *state;
    respond_ask(m, LDR_PERFORMANCE, true);
    respond_now(m);
    assert_unanswered(m, LDR_PERFORMANCE);
    assert_null(m->late.performance);
    ldr_respond_start(&m->late, 5); /* nobody asked */
    m->machine.times = (struct ldr_times){.known = true, .reset_usec = 3, .init_usec = 700};
    respond_now(m);
    const struct limine_bootloader_performance_response *r = respond_to(m, LDR_PERFORMANCE);
    ldr_respond_start(&m->late, 900);
    assert_int_equal(r->revision, 0);
    assert_int_equal(r->reset_usec, 3);
    assert_int_equal(r->init_usec, 700);
    assert_int_equal(r->exec_usec, 900);
}

struct generator {
    bool works;
    unsigned calls;
    size_t bytes;
};

static bool generate(void *context, void *bytes, size_t count)
{
    struct generator *generator = context;
    generator->calls++;
    generator->bytes = count;
    memset(bytes, 0x5c, count);
    return generator->works;
}

static void random_numbers(void **state)
{
    static const uint64_t asked[] = {0, 1, 16, LDR_ENTROPY_MOST, LDR_ENTROPY_MOST + 1, UINT64_MAX};
    struct respond_machine *m = *state;
    struct generator generator = {.works = true};
    struct ldr_entropy entropy = {.fill = generate, .context = &generator};
    respond_ask(m, LDR_ENTROPY, true);
    m->requests.entropy_values = 1;
    respond_now(m);
    assert_unanswered(m, LDR_ENTROPY);
    m->machine.entropy = &entropy;
    for (unsigned i = 0; i < sizeof asked / sizeof *asked; i++) {
        uint64_t want = asked[i] < LDR_ENTROPY_MOST ? asked[i] : LDR_ENTROPY_MOST;
        m->requests.entropy_values = asked[i];
        generator.calls = 0;
        respond_now(m);
        const struct limine_entropy_response *r = respond_to(m, LDR_ENTROPY);
        assert_int_equal(r->revision, 0);
        assert_int_equal(r->value_count, want);
        /* Counting the answers draws nothing. */
        assert_int_equal(generator.calls, want > 0);
        if (want == 0) {
            assert_int_equal(r->values, 0);
            continue;
        }
        assert_int_equal(generator.bytes, 8 * want);
        assert_int_equal(((const uint64_t *)respond_at(r->values))[want - 1],
                         UINT64_C(0x5c5c5c5c5c5c5c5c));
    }
    generator.works = false;
    m->requests.entropy_values = 4;
    respond_now(m);
    assert_unanswered(m, LDR_ENTROPY);
}

/* Version, number, and one event with a SHA-1 digest and two bytes of data. */
struct final {
    uint64_t version, count;
    uint32_t pcr, type, digests;
    uint16_t algorithm;
    uint8_t digest[20];
    uint32_t data_bytes;
    uint8_t data[2];
} __attribute__((packed));

static void event_log(void **state)
{
    static const uint8_t content[] = "events, as firmware has them";
    static struct final final = {.version = 1, .algorithm = 4, .digests = 1, .data_bytes = 2};
    const size_t event = sizeof final - 16;
    struct respond_machine *m = *state;
    respond_ask(m, LDR_TPM_EVENT_LOG, true);
    respond_now(m);
    assert_unanswered(m, LDR_TPM_EVENT_LOG);
    assert_int_equal(ldr_respond_final_events(&m->answers, &m->late), 0);

    m->machine.event_log =
        (struct ldr_event_log){.format = LDR_EVENTS_TCG_2, .at = content, .bytes = sizeof content};
    respond_now(m);
    const struct limine_tpm_event_log_response *r = respond_to(m, LDR_TPM_EVENT_LOG);
    assert_int_equal(ldr_respond_final_events(&m->answers, &m->late), 0);
    assert_int_equal(r->revision, 0);
    assert_int_equal(r->format, LIMINE_TPM_EVENT_LOG_FORMAT_TCG_2);
    assert_int_equal(r->size, sizeof content);
    assert_memory_equal(respond_at(r->address), content, sizeof content);

    m->machine.event_log.final = (const uint8_t *)&final;
    respond_now(m);
    r = respond_to(m, LDR_TPM_EVENT_LOG);
    final.count = 1; /* measured while boot services ended */
    assert_int_equal(ldr_respond_final_events(&m->answers, &m->late), 0);
    assert_int_equal(r->size, sizeof content + event);
    assert_memory_equal(respond_at(r->address), content, sizeof content);
    assert_memory_equal((const uint8_t *)respond_at(r->address) + sizeof content, &final.pcr,
                        event);
}

/* Without a byte there is no address, until the first event comes. */
static void empty_log(void **state)
{
    static struct final final = {.version = 1, .algorithm = 0x7777, .digests = 1};
    struct respond_machine *m = *state;
    respond_ask(m, LDR_TPM_EVENT_LOG, true);
    m->machine.event_log =
        (struct ldr_event_log){.format = LDR_EVENTS_TCG_2, .final = (const uint8_t *)&final};
    respond_now(m);
    const struct limine_tpm_event_log_response *r = respond_to(m, LDR_TPM_EVENT_LOG);
    assert_int_equal(r->size, 0);
    assert_int_equal(r->address, 0);
    final.count = 1;
    assert_int_equal(ldr_respond_final_events(&m->answers, &m->late), 1); /* can't be read */
    assert_int_equal(r->size, 0);
    assert_int_equal(r->address, 0);
    final.algorithm = 4;
    assert_int_equal(ldr_respond_final_events(&m->answers, &m->late), 0);
    assert_int_equal(r->size, sizeof final - 16 - 2);
    assert_true(r->address != 0);
}

static void keeping_iommus(void **state)
{
    struct respond_machine *m = *state;
    respond_now(m);
    assert_unanswered(m, LDR_KEEP_IOMMU);
    respond_ask(m, LDR_KEEP_IOMMU, true);
    respond_now(m);
    const struct limine_response *r = respond_to(m, LDR_KEEP_IOMMU);
    assert_int_equal(r->revision, 0);
}

#define WITH_FEATURES(test) cmocka_unit_test_setup_teardown(test, start, respond_machine_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FEATURES(frequency), WITH_FEATURES(moments),   WITH_FEATURES(random_numbers),
        WITH_FEATURES(event_log), WITH_FEATURES(empty_log), WITH_FEATURES(keeping_iommus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
