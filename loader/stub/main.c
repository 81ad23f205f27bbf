/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stub kernel: proves its own handoff, then goes on with the page tables
 * that its loader built.
 */
#include "loader/stub/checks.h"
#include "loader/stub/crash_screen.h"
#include "loader/stub/descriptors.h"
#include "loader/stub/early.h"
#include "loader/stub/ending.h"
#include "loader/stub/fault.h"
#include "loader/stub/flaw.h"
#include "loader/stub/picture.h"
#include "loader/stub/requests.h"
#include "loader/fault/serial.h"
#include "loader/stub/stub.h"
#include "loader/stub/variant.h"

/* What most tests stand on; those that ask whether it is right come later. */
static void gather(struct stub *stub)
{
    const struct limine_hhdm_response *hhdm = request_answer(&requests.hhdm);
    const struct limine_executable_address_response *address =
        request_answer(&requests.executable_address);

    stub->memmap = request_answer(&requests.memmap);
    stub->tables = request_answer(&requests.pagetables.head);
    if (hhdm != 0)
        stub->hhdm = hhdm->offset;
    if (address != 0) {
        stub->image_phys = address->physical_base;
        stub->image_virt = address->virtual_base;
    }
}

/* Without these three nothing can be reached and no test would mean much. */
static void require_basics(const struct stub *stub)
{
    if (stub->hhdm != 0 && stub->memmap != 0 && stub->image_virt != 0)
        return;
    tap_bail("no direct map, memory map or executable address: the loader must answer these");
    ending(false);
}

/* An exception that nobody expected: all that can be told, on serial and on the screen. */
static void report_end(void *context, const struct trap_frame *frame, uint64_t address)
{
    const struct stub *stub = context;
    struct report report = report_of_kernel(stub, frame, address);

    (void)report_notes(&report);
    crash_screen_draw(&report);
}

static void run(struct stub *stub)
{
    check_start(stub);
    variant_flaw(&stub->tap);
    check_entry_state(stub);
    check_place(stub);
    check_answers(stub);
    check_levels(stub);
    check_memmap(stub);
    check_tables(stub);
    if (stub->adopted)
        fault_set_reporter(report_end, stub);
    check_stack(stub);
    check_faults(stub);
    check_processors(stub);
    check_direct(stub);
    check_files(stub);
    check_greeting(stub);
    check_firmware(stub);
    check_machine(stub);
    check_event_log(stub);
    check_iommu(stub);
    check_live(stub);
    check_spaces(stub);
    check_harvest(stub);
    check_rings(stub);
    check_keys(stub);
    check_pcid(stub);
    check_regions(stub);
    check_frames(stub);
    check_sections(stub);
    check_recursive(stub);
    check_window(stub);
    check_user(stub);
    check_resolved(stub);
    check_killed(stub);
    check_access(stub);
    check_monitor(stub);
    check_reports(stub);
    check_overflow(stub);
    check_soak(stub);
}

_Noreturn void stub_main(void)
{
    /* Large, and fault reports want the stack: so not on it. */
    static struct stub stub;

    early_fault();
    serial_init();
    descriptors_init();
    /* A line of its own, whatever firmware or loader left on the line before. */
    serial_write("\n");
    tap_begin();
    tap_note("the stub kernel of Pagelift, base revision %lu", variant_base_revision);
    gather(&stub);
    require_basics(&stub);
    run(&stub);
    flaw_last(&stub);
    picture_draw(&stub);
    ending(tap_end(&stub.tap));
}
