/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handoff page under firmware's tables: executable at the end, never writable
 * and executable at once, and as it was where firmware refuses.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/page_rights.h"
#include "efi/tests/fake.h"

#define PAGE_AT UINT64_C(0x123000)

/* A page's attributes, and which call of the protocol fails, from 1. */
static struct {
    uint64_t attributes;
    unsigned calls, failing;
    bool was_open; /* writable and executable at once */
} page;

static EFI_STATUS change(EFI_PHYSICAL_ADDRESS at, UINT64 bytes, uint64_t to)
{
    assert_int_equal(at, PAGE_AT);
    assert_int_equal(bytes, EFI_PAGE_SIZE);
    if (++page.calls == page.failing)
        return EFI_ACCESS_DENIED;
    page.attributes = to;
    page.was_open |= !(to & (MEMORY_READ_ONLY | EFI_MEMORY_XP));
    return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set(struct memory_attribute_protocol *protocol, EFI_PHYSICAL_ADDRESS at,
                             UINT64 bytes, UINT64 attributes)
{
    (void)protocol;
    return change(at, bytes, page.attributes | attributes);
}

static EFI_STATUS EFIAPI clear(struct memory_attribute_protocol *protocol, EFI_PHYSICAL_ADDRESS at,
                               UINT64 bytes, UINT64 attributes)
{
    (void)protocol;
    return change(at, bytes, page.attributes & ~attributes);
}

static void nowhere(void *context, const char *line)
{
    (void)context, (void)line;
}

static const struct ldr_log silent = {.line = nowhere};

static void with_the_protocol(void **state)
{
    (void)state;
    for (unsigned failing = 0; failing <= 2; failing++) {
        struct memory_attribute_protocol protocol = {.set = set, .clear = clear};
        struct fake *fake = fake_start();
        struct ldr_report report;
        enum ldr_status status;

        memset(&page, 0, sizeof page);
        page.attributes = EFI_MEMORY_XP;
        page.failing = failing;
        fake->protocol = &protocol;
        status = page_make_executable(&fake->services, PAGE_AT, &silent, &report);
        assert_int_equal(status, failing ? LDR_BAD_MACHINE : LDR_OK);
        assert_int_equal(page.attributes, failing ? EFI_MEMORY_XP : MEMORY_READ_ONLY);
        assert_false(page.was_open);
        if (failing)
            assert_non_null(strstr(report.text, "access denied"));
    }
}

static void without_it(void **state)
{
    struct fake *fake = fake_start();
    struct ldr_report report;

    (void)state;
    assert_int_equal(page_make_executable(&fake->services, PAGE_AT, &silent, &report), LDR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_the_protocol),
        cmocka_unit_test(without_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
