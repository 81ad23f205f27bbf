/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loader found out about the machine: how fast the time-stamp counter counts, when things
 * happened, and random numbers.
 */
#include "loader/stub/checks.h"
#include "loader/stub/cpu.h"
#include "loader/stub/requests.h"

/* The interval timer's channel 2, which can be read and interrupts nobody. */
#define PIT_HZ      1193182
#define PIT_CHANNEL 0x42
#define PIT_COMMAND 0x43
#define PIT_DOWN    0xb0 /* channel 2, both bytes, counts down once */
#define PIT_LATCH   0x80 /* keeps channel 2's count, to be read */
#define PIT_GATE    0x61
#define GATE_OPEN   0x01
#define SPEAKER     0x02

#define TICKS    23864 /* 20 ms of the 55 that it takes to 0 */
#define ROUNDS   5
#define READINGS 8
#define READS    1000000 /* each of a microsecond or more */

/* Slower it is no counter of cycles: Bochs lets it go at the pace of its own time. */
#define HZ_LEAST (UINT64_C(10) * 1000 * 1000)

static uint16_t timer_read(void)
{
    uint8_t low;

    port_write(PIT_COMMAND, PIT_LATCH);
    low = port_read(PIT_CHANNEL);
    return (uint16_t)(low | port_read(PIT_CHANNEL) << 8);
}

static void timer_start(void)
{
    uint8_t gate = (uint8_t)(port_read(PIT_GATE) & ~SPEAKER);

    port_write(PIT_GATE, gate | GATE_OPEN);
    port_write(PIT_COMMAND, PIT_DOWN);
    port_write(PIT_CHANNEL, 0xff);
    port_write(PIT_CHANNEL, 0xff);
}

/* Both clocks at one moment: the quickest of some readings, since others may have been held up
 * on the way. */
static uint16_t read_both(uint64_t *ret_cycles)
{
    uint64_t quickest = UINT64_MAX;
    uint16_t count = 0;

    for (unsigned i = 0; i < READINGS; i++) {
        uint64_t before = time_stamp();
        uint16_t now = timer_read();
        uint64_t took = time_stamp() - before;

        if (took < quickest) {
            quickest = took;
            count = now;
            *ret_cycles = before + took / 2;
        }
    }
    return count;
}

/* Cycles and the timer's ticks in one round; no ticks where there is no such timer. */
struct round {
    uint64_t cycles;
    uint16_t ticks;
};

static struct round one_round(void)
{
    struct round round = {0};
    uint64_t from, to;

    timer_start();
    uint16_t start = read_both(&from);
    for (unsigned i = 0; i < READS; i++) {
        if ((uint16_t)(start - timer_read()) < TICKS)
            continue;
        round.ticks = (uint16_t)(start - read_both(&to));
        round.cycles = to - from;
        break;
    }
    return round;
}

/* By the shortest of some rounds; 0 without such a timer.  An emulator that is itself held up for
 * 35 ms lets the timer run through 0, and the round then counts 55 ms too few: it took longer
 * than any that went well, and so has no say. */
static uint64_t measured_frequency(void)
{
    struct round best = one_round();

    for (unsigned i = 1; i < ROUNDS && best.ticks > 0; i++) {
        struct round round = one_round();

        if (round.ticks > 0 && round.cycles < best.cycles)
            best = round;
    }
    return best.ticks ? best.cycles * PIT_HZ / best.ticks : 0;
}

/* An eighth: both clocks are the machine's own, but in an emulator neither is exact. */
static void check_tsc_frequency(struct tap *tap)
{
    const struct limine_tsc_frequency_response *response = request_answer(&requests.tsc_frequency);
    uint64_t measured = measured_frequency();

    if (response == 0) {
        tap_skip(tap, "the loader can't tell", "the time-stamp counter's frequency");
        return;
    }
    tap_note("time-stamp counter: %lu kHz told, %lu kHz measured", response->frequency / 1000,
             measured / 1000);
    if (measured < HZ_LEAST)
        tap_skip(tap, "no interval timer, or no counter of cycles, to compare",
                 "the time-stamp counter's frequency");
    else
        tap_ok(tap,
               response->frequency > measured - measured / 8 &&
                   response->frequency < measured + measured / 8,
               "the time-stamp counter's frequency is what the interval timer says");
}

/* The kernel has started by now, and no loader takes an hour. */
#define HOUR (UINT64_C(3600) * 1000 * 1000)

static void check_performance(struct tap *tap)
{
    const struct limine_bootloader_performance_response *response =
        request_answer(&requests.performance);

    if (response == 0) {
        tap_skip(tap, "the loader doesn't tell", "the moments of reset, loader and kernel");
        return;
    }
    tap_note("reset %lu us, loader %lu us, kernel %lu us", response->reset_usec,
             response->init_usec, response->exec_usec);
    tap_ok(tap,
           response->reset_usec <= response->init_usec &&
               response->init_usec < response->exec_usec &&
               response->exec_usec - response->init_usec < HOUR,
           "the loader started after the reset, and the kernel after the loader");
}

static bool all_differ(const uint64_t *value, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        for (uint64_t j = 0; j < i; j++) {
            if (value[i] == value[j])
                return false;
        }
    }
    return true;
}

static void check_entropy(struct tap *tap)
{
    const struct limine_entropy_response *response = request_answer(&requests.entropy.head);

    if (response == 0) {
        tap_skip(tap, "the machine has no generator", "random numbers");
        return;
    }
    if (tap_equal(tap, response->value_count, REQUESTED_RANDOM,
                  "as many random numbers as were asked for"))
        tap_ok(tap, all_differ(request_pointer(response->values), response->value_count),
               "no two of them are equal");
}

void check_machine(struct stub *stub)
{
    check_tsc_frequency(&stub->tap);
    check_performance(&stub->tap);
    check_entropy(&stub->tap);
}
