/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/clock.h"

/* Days from 1970-01-01 in the Gregorian calendar.  A year that begins in March has its leap
 * day last, and its months are 31, 30, 31, 30, 31 days in turn: (153 m + 2) / 5. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    int64_t m = (month + 9) % 12; /* March is 0 */
    int64_t y = year - (month <= 2);

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* A clock whose battery is empty says anything at all. */
static bool is_plausible(const EFI_TIME *t)
{
    return t->Year >= 1970 && t->Year <= 9999 && t->Month >= 1 && t->Month <= 12 && t->Day >= 1 &&
           t->Day <= 31 && t->Hour < 24 && t->Minute < 60 && t->Second < 60;
}

bool clock_read(EFI_RUNTIME_SERVICES *services, int64_t *ret_seconds)
{
    EFI_TIME t;
    int64_t seconds;

    if (services->GetTime(&t, NULL) != EFI_SUCCESS || !is_plausible(&t))
        return false;
    seconds =
        days_since_1970(t.Year, t.Month, t.Day) * 86400 + t.Hour * 3600 + t.Minute * 60 + t.Second;
    /* Local time is UTC minus TimeZone, in minutes; a clock that names no zone is taken as UTC. */
    if (t.TimeZone >= -1440 && t.TimeZone <= 1440)
        seconds += t.TimeZone * 60;
    *ret_seconds = seconds;
    return true;
}
