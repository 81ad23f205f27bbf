/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The early-fault net: what happens when an exception comes before the kernel has an
 * interrupt table of its own.  It tells all that can be told, on the first serial port and
 * then on the screen, and stops.
 *
 * It runs in the kernel's address space, on the tables that CR3 holds, which may be the very
 * thing that is broken.  So serial comes first and goes line by line; and a fault amid the report
 * is told in one line.
 */
#include "loader/fault/instructions.h"
#include "loader/fault/report.h"
#include "loader/fault/serial.h"
#include "loader/net/net.h"
#include "loader/net/screen.h"
#include "pagetables/text.h"

#define CR4_LA57 UINT64_C(0x1000)

/* The last line of any report. */
#define END "stopped"

_Noreturn void net_fault(const struct trap_frame *frame, const struct ldr_net_block *block);

/* In net.ld: behind all of the net, where the blocks begin. */
extern const struct ldr_net_block net_end[] __attribute__((visibility("hidden")));

/* The loader's, and this program's only memory besides its stack. */
struct ldr_net_state net_state __attribute__((used, externally_visible));
static unsigned exceptions;

static void say(void *context, const char *text)
{
    (void)context;
    serial_write("pagelift: ");
    serial_write(text);
    serial_write("\n");
}

/* A page that is mapped can be read where it is. */
static bool read_byte(void *context, uint64_t virt, uint8_t *ret_byte)
{
    if (!fault_can_read(context, virt))
        return false;
    *ret_byte = *(const volatile uint8_t *)virt;
    return true;
}

static void tell(const struct fault_scene *scene, pgt_line_fn *line, void *context)
{
    line(context, "early fault: the kernel has no interrupt table (IDT) of its own yet");
    fault_report(scene, line, context);
    line(context, END);
}

static void report(const struct trap_frame *frame, size_t processor)
{
    struct pgt_space space = {.arch = net_state.arch,
                              .frames = {.offset = net_state.places.direct_map},
                              .root = cr3_read() & CR3_ROOT};
    struct fault_scene scene = {
        .frame = frame,
        .who = "the kernel",
        .processor = processor,
        .space = &space,
        .cr0 = cr0_read(),
        .cr2 = cr2_read(),
        .cr4 = cr4_read(),
        .efer = msr_read(MSR_EFER),
        .symbols = &net_state.symbols,
        .places = &net_state.places,
        .read = read_byte,
        .context = &space,
    };

    struct net_screen screen;

    space.arch.levels = scene.cr4 & CR4_LA57 ? 5 : 4;
    tell(&scene, say, NULL);
    if (net_screen_open(&screen, &net_state.screen))
        tell(&scene, net_screen_line, &screen);
}

/* Where the report itself stumbled, so much is certain. */
static void report_shortly(const struct trap_frame *frame)
{
    struct pgt_line line = {.length = 0};

    pgt_put(&line, "early fault: the report met exception ");
    pgt_put_number(&line, frame->vector, 10, 1);
    pgt_put(&line, " at ");
    pgt_put_hex(&line, frame->rip, 16);
    pgt_put(&line, ", address ");
    pgt_put_hex(&line, cr2_read(), 16);
    say(NULL, line.text);
    say(NULL, END);
}

void net_fault(const struct trap_frame *frame, const struct ldr_net_block *block)
{
    unsigned before = exceptions++;

    if (before == 0)
        report(frame, (size_t)(block - net_end));
    else if (before == 1)
        report_shortly(frame);
    stop_for_ever();
}
