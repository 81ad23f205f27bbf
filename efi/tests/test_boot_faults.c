/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole boot, from the application's first line to the kernel's, on a firmware of which
 * every service fails at every call: whatever fails, either the kernel starts all the same, or
 * the application returns with everything given back and one line that says why.
 */
#include "efi/tests/test.h"

#include "efi/tests/boot/sound.h"

/* Kernels that were started hold what they were given for good, which is no leak; what the
 * application took and what it gave back is counted by the firmware itself. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* Fails call after call, until a boot needs no more of them.  Returns how many it needs. */
static size_t fail_each_call(struct machine machine, enum service service, EFI_STATUS status,
                             bool lasting)
{
    for (size_t call = 1;; call++) {
        const struct firmware *f;

        machine.fault = (struct fault){service, call, status, lasting};
        f = firmware_boot(&machine);
        expect_sound(f);
        if (faults_calls(service) < call) {
            expect(f->ending == (machine.chainload ? RETURNED : JUMPED), f,
                   "nothing failed, and yet the kernel was not started");
            return call - 1;
        }
    }
}

static void every_failure_on(const struct machine *machine)
{
    for (unsigned service = 0; service < SERVICES; service++)
        for (const EFI_STATUS *status = fault_kind[service].status; *status; status++) {
            fail_each_call(*machine, (enum service)service, *status, false);
            fail_each_call(*machine, (enum service)service, *status, true);
        }
}

static void every_failure(void **state)
{
    (void)state;
    every_failure_on(&(struct machine){.base_revision = 6});
}

static void every_failure_with_a_menu(void **state)
{
    (void)state;
    every_failure_on(&(struct machine){.base_revision = 3, .menu = true});
}

/* With all that a boot can have, on the newest revision and on the oldest. */
static void every_failure_of_a_full_boot(void **state)
{
    (void)state;
    every_failure_on(&(struct machine){.base_revision = 6, .full = true});
    every_failure_on(&(struct machine){.base_revision = 0, .full = true, .menu = true});
}

static void every_failure_of_a_chainload(void **state)
{
    (void)state;
    every_failure_on(&(struct machine){.chainload = true, .full = true});
    every_failure_on(&(struct machine){.chainload = true, .menu = true});
}

/* What is refused already, and then something else fails on the way back. */
static void every_failure_of_a_refusal(void **state)
{
    static const struct machine refused[] = {
        {.missing = true},
        {.missing = true, .menu = true},
        {.missing = true, .nowhere = true},
        {.missing = true, .nowhere = true, .menu = true},
        {.chainload = true, .distrusts = true},
        {.chainload = true, .distrusts = true, .menu = true},
    };

    (void)state;
    for (unsigned service = 0; service < SERVICES; service++)
        for (const EFI_STATUS *status = fault_kind[service].status; *status; status++)
            for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
                for (size_t call = 1; call < 40; call++) {
                    struct machine machine = refused[i];

                    machine.fault = (struct fault){(enum service)service, call, *status, true};
                    expect_sound(firmware_boot(&machine));
                    if (faults_calls((enum service)service) < call)
                        break;
                }
}

/* The injector reaches what it names: none of these is a service that a boot doesn't use. */
static void every_service_is_used(void **state)
{
    static const struct machine machine[] = {
        {.base_revision = 6},
        {.base_revision = 6, .menu = true, .missing = true},
        {.nowhere = true},
        {.base_revision = 6, .full = true},
        {.chainload = true, .distrusts = true},
        {.chainload = true},
    };
    size_t calls[SERVICES] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof machine / sizeof *machine; i++) {
        expect_sound(firmware_boot(&machine[i]));
        for (unsigned service = 0; service < SERVICES; service++)
            calls[service] += faults_calls((enum service)service);
    }
    for (unsigned service = 0; service < SERVICES; service++)
        if (fault_kind[service].status[0] && !calls[service])
            fail_msg("a boot never calls %s", fault_kind[service].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_service_is_used),
        cmocka_unit_test(every_failure),
        cmocka_unit_test(every_failure_with_a_menu),
        cmocka_unit_test(every_failure_of_a_full_boot),
        cmocka_unit_test(every_failure_of_a_chainload),
        cmocka_unit_test(every_failure_of_a_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
