/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/boot/sound.h"

#include <string.h>

#include "efi/tests/test.h"

void expect(bool holds, const struct firmware *f, const char *what)
{
    const struct fault *fault = &f->machine.fault;

    if (holds)
        return;
    print_error("%s\n", what);
    if (fault->call)
        print_error("call %zu of %s%s failed with %#llx\n", fault->call,
                    fault_kind[fault->service].name, fault->lasting ? ", and all after it," : "",
                    (unsigned long long)fault->status);
    print_error("ending %d, status %#llx; it said:\n%.*s\n", f->ending,
                (unsigned long long)f->status, (int)f->serial_bytes, f->serial);
    fail();
}

static void expect_all_given_back(const struct firmware *f)
{
    enum service failing = f->machine.fault.call ? f->machine.fault.service : SERVICES;
    bool rights_fail =
        (failing == SET_RIGHTS || failing == CLEAR_RIGHTS) && f->machine.fault.lasting;

    expect(firmware_in_use(f) == 0, f, "memory was not given back");
    expect(f->events == 0, f, "an event was not closed");
    expect(f->protocols == 0, f, "a file or a protocol was not closed");
    expect(f->images == 0 || failing == UNLOAD_IMAGE, f, "an image was not unloaded");
    expect(f->mode == 0 || failing == SET_SCREEN, f, "the screen's mode was not restored");
    /* What firmware refuses to do can't be undone either. */
    expect(f->rights == 0 || rights_fail, f, "a page's rights were not restored");
    expect(f->watchdog || failing == SET_WATCHDOG, f, "the watchdog was not set again");
    expect(f->exits == 0, f, "it returned after it asked boot services to end");
}

/* One line that says why, where anything can be said at all: one for each time that the entry was
 * tried and refused, since from a menu that is shown again it may be tried again. */
static void expect_reason(const struct firmware *f)
{
    unsigned tries = count_lines(f->serial, "booting A kernel");
    unsigned returned = count_lines(f->serial, "/kernel has returned: ");
    unsigned refusals = tries ? tries - returned : 1;

    if (f->machine.serial != SERIAL_WORKS || f->machine.uart_in_variable)
        return;
    expect(count_lines(f->serial, "error: ") == refusals, f,
           "there is not exactly one line of reason");
    expect(f->status != EFI_SUCCESS || !refusals, f, "a refusal returned success");
}

void expect_sound(const struct firmware *f)
{
    if (f->forbidden)
        print_error("%s was called\n", f->forbidden);
    expect(!f->forbidden, f, "a service was called that was gone by then");
    switch (f->ending) {
    case RETURNED:
        expect_all_given_back(f);
        expect_reason(f);
        break;
    case JUMPED:
        expect(f->ended, f, "the kernel was started under boot services");
        expect(!f->interrupts, f, "the kernel was started with interrupts");
        break;
    case RESET:
        expect(f->exits > 0 && !f->ended, f, "the machine was reset without need");
        break;
    case HALTED:
        expect(false, f, "it halted, though the machine can be reset");
        break;
    case WAITED: /* for whoever pressed a key before the keyboard broke */
        expect(f->machine.fault.service == READ_KEY && f->machine.fault.lasting &&
                   f->machine.fault.call > 1,
               f, "it waits for something that never comes");
    }
}

const struct firmware *boots(const struct machine *machine)
{
    const struct firmware *f = firmware_boot(machine);

    expect_sound(f);
    expect(f->ending == JUMPED, f, "the kernel was not started");
    return f;
}

const struct firmware *is_refused(const struct machine *machine, EFI_STATUS status,
                                  const char *reason)
{
    const struct firmware *f = firmware_boot(machine);

    expect_sound(f);
    expect(f->ending == RETURNED && f->status == status, f, "it was not refused as expected");
    expect(strstr(f->serial, reason) != NULL, f, reason);
    return f;
}
