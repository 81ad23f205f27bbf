/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random bytes: every source alone, all of them mixed, sources that run dry, that are
 * broken in the ways known from the field, and a machine that has none.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/entropy.h"
#include "efi/tests/fake.h"

/* What the fakes give and how often they were asked; reset by start(). */
static struct {
    unsigned seed_calls, rand_calls, rng_calls;
    unsigned dry;       /* calls of an instruction that fail before one succeeds */
    uint64_t stuck;     /* what the stuck unit says */
    unsigned rng_works; /* calls of firmware's that succeed */
} fake_random;

static bool seed(uint64_t *ret_word)
{
    *ret_word = UINT64_C(0x0101010101010101) * (1 + fake_random.seed_calls % 200);
    return fake_random.seed_calls++ >= fake_random.dry;
}

static bool rand_unit(uint64_t *ret_word)
{
    *ret_word = UINT64_C(0x1000000000000001) + fake_random.rand_calls;
    return fake_random.rand_calls++ >= fake_random.dry;
}

static bool stuck(uint64_t *ret_word)
{
    fake_random.seed_calls++;
    *ret_word = fake_random.stuck;
    return true;
}

static bool never(uint64_t *ret_word)
{
    *ret_word = 77;
    return false;
}

struct rng {
    void *get_info;
    EFI_STATUS(EFIAPI *get_rng)(struct rng *, EFI_GUID *, UINTN, UINT8 *);
};

static EFI_STATUS EFIAPI get_rng(struct rng *rng, EFI_GUID *algorithm, UINTN bytes, UINT8 *value)
{
    (void)rng;
    assert_null(algorithm);
    memset(value, 0x50, bytes);
    return fake_random.rng_calls++ < fake_random.rng_works ? EFI_SUCCESS : EFI_NOT_READY;
}

static struct rng the_rng = {.get_rng = get_rng};

/* A machine with these sources. */
static struct entropy start(bool firmware, random_instruction *rdseed, random_instruction *rdrand)
{
    struct fake *fake = fake_start();

    memset(&fake_random, 0, sizeof fake_random);
    fake_random.rng_works = 1000;
    fake->protocol = firmware ? &the_rng : NULL;
    return (struct entropy){.services = &fake->services, .rdseed = rdseed, .rdrand = rdrand};
}

static bool fill(struct entropy *entropy, void *bytes, size_t count)
{
    struct ldr_entropy source = entropy_source(entropy);

    return ldr_entropy_fill(&source, bytes, count);
}

static void none_is_refused(void **state)
{
    struct entropy entropy = start(false, NULL, NULL);
    uint8_t bytes[16];

    (void)state;
    assert_false(fill(&entropy, bytes, sizeof bytes));
    assert_false(ldr_entropy_fill(NULL, bytes, sizeof bytes));
    assert_false(ldr_entropy_fill(&(struct ldr_entropy){0}, bytes, sizeof bytes));
}

static void the_processor_alone(void **state)
{
    struct entropy entropy = start(false, seed, rand_unit);
    uint8_t bytes[13] = {0}, want[13];

    (void)state;
    memset(want, 1, 8);
    memset(want + 8, 2, 5);
    bytes[12] = 99;
    assert_true(fill(&entropy, bytes, 12)); /* not a byte more than that */
    want[12] = 99;
    assert_memory_equal(bytes, want, sizeof want);
    assert_int_equal(fake_random.rand_calls, 0);
}

static void rdrand_stands_in(void **state)
{
    struct entropy entropy = start(false, never, rand_unit);
    uint64_t words[2];

    (void)state;
    assert_true(fill(&entropy, words, sizeof words));
    assert_int_equal(words[0], UINT64_C(0x1000000000000001));
    assert_int_equal(words[1], UINT64_C(0x1000000000000002));
    entropy = start(false, NULL, rand_unit);
    assert_true(fill(&entropy, words, sizeof words));
    assert_int_equal(words[0], UINT64_C(0x1000000000000001));
}

/* As Intel's guide wants it: nine failures of RDRAND are bad luck, ten are a defect. */
static void tries_are_counted(void **state)
{
    struct entropy entropy = start(false, NULL, rand_unit);
    uint64_t word;

    (void)state;
    fake_random.dry = 9;
    assert_true(fill(&entropy, &word, sizeof word));
    entropy = start(false, NULL, rand_unit);
    fake_random.dry = 10;
    assert_false(fill(&entropy, &word, sizeof word));
    entropy = start(false, seed, NULL);
    fake_random.dry = 99;
    assert_true(fill(&entropy, &word, sizeof word));
    entropy = start(false, seed, NULL);
    fake_random.dry = 100;
    assert_false(fill(&entropy, &word, sizeof word));
}

static void a_stuck_unit_is_no_source(void **state)
{
    static const uint64_t stuck_at[] = {0, UINT64_MAX, 0x1234};
    uint64_t words[2];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct entropy entropy = start(false, NULL, stuck);

        fake_random.stuck = stuck_at[i];
        assert_false(fill(&entropy, words, sizeof words));
        /* At the first word already, where it is one that no unit gives. */
        assert_int_equal(fill(&entropy, words, 8), stuck_at[i] == 0x1234);
        entropy = start(false, stuck, rand_unit);
        fake_random.stuck = stuck_at[i];
        assert_true(fill(&entropy, words, sizeof words));
        assert_int_not_equal(words[1], stuck_at[i]);
    }
}

/* Once found dry RDSEED isn't waited for again. */
static void a_dry_unit_is_left_alone(void **state)
{
    struct entropy entropy = start(false, stuck, rand_unit);
    uint64_t words[50];

    (void)state;
    assert_true(fill(&entropy, words, sizeof words));
    assert_int_equal(fake_random.seed_calls, 100);
    assert_int_equal(fake_random.rand_calls, 50);
}

static void firmware_alone(void **state)
{
    struct entropy entropy = start(true, NULL, NULL);
    uint8_t bytes[131], want[131];

    (void)state;
    memset(bytes, 0xee, sizeof bytes);
    memset(want, 0x50, sizeof want);
    want[130] = 0xee;
    assert_true(fill(&entropy, bytes, 130));
    assert_memory_equal(bytes, want, sizeof want);
    entropy = start(true, NULL, NULL);
    fake_random.rng_works = 1; /* and the second piece fails */
    assert_false(fill(&entropy, bytes, 130));
}

static void sources_are_mixed(void **state)
{
    struct entropy entropy = start(true, seed, rand_unit);
    uint8_t bytes[8], want[8];

    (void)state;
    memset(want, 0x50 ^ 1, sizeof want);
    assert_true(fill(&entropy, bytes, sizeof bytes));
    assert_memory_equal(bytes, want, sizeof want);
    entropy = start(true, never, never); /* firmware's will do alone */
    memset(want, 0x50, sizeof want);
    assert_true(fill(&entropy, bytes, sizeof bytes));
    assert_memory_equal(bytes, want, sizeof want);
}

/* The processor that the tests run on: what it says it has, it has. */
static void this_processor(void **state)
{
    struct fake *fake = fake_start();
    struct entropy entropy;
    uint64_t words[4] = {0};

    (void)state;
    entropy_open(&entropy, &fake->services);
    if (!entropy.rdseed && !entropy.rdrand)
        return;
    assert_true(fill(&entropy, words, sizeof words));
    for (size_t i = 1; i < 4; i++)
        assert_int_not_equal(words[i], words[i - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_refused),
        cmocka_unit_test(the_processor_alone),
        cmocka_unit_test(rdrand_stands_in),
        cmocka_unit_test(tries_are_counted),
        cmocka_unit_test(a_stuck_unit_is_no_source),
        cmocka_unit_test(a_dry_unit_is_left_alone),
        cmocka_unit_test(firmware_alone),
        cmocka_unit_test(sources_are_mixed),
        cmocka_unit_test(this_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
