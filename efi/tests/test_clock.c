/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware's clock against the C library's calendar: every day of four centuries and
 * more, every time zone, and clocks that say nonsense.
 */
#include "efi/tests/test.h"

#include <time.h>

#include "efi/clock.h"
#include "efi/tests/fake.h"

static void every_day(void **state)
{
    struct fake *fake = fake_start();

    (void)state;
    for (time_t day = 0; day < 500 * 366; day++) {
        time_t seconds = day * 86400 + day * 7919 % 86400;
        int64_t read;
        struct tm t;

        gmtime_r(&seconds, &t);
        fake->time = (EFI_TIME){.Year = (UINT16)(t.tm_year + 1900),
                                .Month = (UINT8)(t.tm_mon + 1),
                                .Day = (UINT8)t.tm_mday,
                                .Hour = (UINT8)t.tm_hour,
                                .Minute = (UINT8)t.tm_min,
                                .Second = (UINT8)t.tm_sec,
                                .TimeZone = EFI_UNSPECIFIED_TIMEZONE};
        assert_true(clock_read(&fake->runtime, &read));
        assert_int_equal(read, seconds);
    }
}

/* Central Europe in winter is an hour ahead of UTC, which UEFI writes as -60. */
static void time_zones(void **state)
{
    struct fake *fake = fake_start();
    int64_t read;

    (void)state;
    for (int zone = -1440; zone <= 1440; zone++) {
        fake->time =
            (EFI_TIME){.Year = 2024, .Month = 2, .Day = 29, .Hour = 1, .TimeZone = (INT16)zone};
        assert_true(clock_read(&fake->runtime, &read));
        assert_int_equal(read, INT64_C(1709168400) + zone * 60);
    }
}

static void nonsense(void **state)
{
    static const EFI_TIME times[] = {
        {.Year = 0, .Month = 1, .Day = 1},
        {.Year = 2024, .Month = 0, .Day = 1},
        {.Year = 2024, .Month = 13, .Day = 1},
        {.Year = 2024, .Month = 1, .Day = 0},
        {.Year = 2024, .Month = 1, .Day = 32},
        {.Year = 2024, .Month = 1, .Day = 1, .Hour = 24},
        {.Year = 2024, .Month = 1, .Day = 1, .Minute = 60},
        {.Year = 2024, .Month = 1, .Day = 1, .Second = 60},
    };
    struct fake *fake = fake_start();
    int64_t read = 7;

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        fake->time = times[i];
        assert_false(clock_read(&fake->runtime, &read));
        assert_int_equal(read, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day),
        cmocka_unit_test(time_zones),
        cmocka_unit_test(nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
