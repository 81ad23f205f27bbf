/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/menu_io.h"

#include <stddef.h>

#include "efi/menu_screen.h"
#include "efi/serial.h"
#include "efi/terminal.h"

#define TENTH_OF_A_SECOND 1000000 /* of 100 ns each: a tick */
#define TICKS_PER_SECOND  10

struct menu_terminals {
    struct terminal terminal[2];
    unsigned count;
    struct ldr_menu_line line; /* the one that is being drawn: too large for every stack */
};

/* ---- keys and time ---------------------------------------------------------------- */

static bool read_serial(struct menu_io *io, struct ldr_menu_event *ret_event)
{
    uint8_t byte;

    while (io->serial && serial_read(&byte))
        if (keys_decode(&io->decoder, byte, ret_event))
            return true;
    return false;
}

/* Enter stands for whatever can't be waited for: an unattended machine goes on. */
static struct ldr_menu_event wait_for_event(struct menu_io *io)
{
    struct ldr_menu_event event = {.kind = LDR_EVENT_ENTER};
    SIMPLE_INPUT_INTERFACE *in = io->system->ConIn;
    EFI_EVENT wait[2] = {io->tick, in ? in->WaitForKey : NULL};
    EFI_INPUT_KEY key;
    UINTN which;

    for (;;) {
        if (read_serial(io, &event))
            return event;
        if (io->system->BootServices->WaitForEvent(in ? 2 : 1, wait, &which) != EFI_SUCCESS) {
            io->listens = false; /* for good: or else an entry that is refused is tried forever */
            return event;
        }
        if (which == 1 && in->ReadKeyStroke(in, &key) == EFI_SUCCESS)
            return keys_from_firmware(&key);
        if (which == 0 && !read_serial(io, &event) && !keys_pause(&io->decoder, &event))
            event.kind = LDR_EVENT_TICK;
        if (which == 0)
            return event;
    }
}

static struct ldr_menu_event next_event(struct menu_io *io)
{
    struct ldr_menu_event event = wait_for_event(io);

    if (io->listens && event.kind != LDR_EVENT_TICK)
        io->attended = true;
    return event;
}

/* ---- drawing ---------------------------------------------------------------------- */

/* A quiet menu leaves the screens as they are, until it isn't quiet any more. */
static void draw(struct menu_io *io, const struct ldr_menu *menu)
{
    struct menu_terminals *t = io->terminals;

    if (!t || menu->quiet)
        return;
    if (t->count == 0) {
        if (io->system->ConOut)
            terminal_open(&t->terminal[t->count++], io->system->ConOut);
        if (io->serial)
            terminal_open(&t->terminal[t->count++], NULL);
    }
    for (unsigned i = 0; i < t->count; i++)
        menu_screen_draw(&t->terminal[i], menu, &t->line);
}

static void empty_screens(struct menu_terminals *t)
{
    for (unsigned i = 0; t && i < t->count; i++)
        terminal_close(&t->terminal[i]);
    if (t)
        t->count = 0;
}

/* ---- all of it -------------------------------------------------------------------- */

void menu_io_open(struct menu_io *ret_io, EFI_SYSTEM_TABLE *system, const struct console *console,
                  const struct ldr_config *config)
{
    EFI_BOOT_SERVICES *services = system->BootServices;
    void *memory;

    *ret_io = (struct menu_io){.system = system, .serial = config->serial && console->serial};
    if (services->CreateEvent(EVT_TIMER, TPL_APPLICATION, NULL, NULL, &ret_io->tick) != EFI_SUCCESS)
        ret_io->tick = NULL;
    else
        services->SetTimer(ret_io->tick, TimerPeriodic, TENTH_OF_A_SECOND);
    ret_io->listens = ret_io->tick && (system->ConIn || ret_io->serial);
    if (services->AllocatePool(EfiLoaderData, sizeof *ret_io->terminals, &memory) != EFI_SUCCESS)
        return;
    ret_io->terminals = memory;
    ret_io->terminals->count = 0;
}

void menu_io_close(struct menu_io *io)
{
    if (io->tick)
        io->system->BootServices->CloseEvent(io->tick);
    if (io->terminals)
        io->system->BootServices->FreePool(io->terminals);
}

enum ldr_menu_result menu_io_run(struct menu_io *io, struct ldr_menu *menu)
{
    enum ldr_menu_result result = LDR_MENU_OPEN;

    if (!io->listens) {
        menu->quiet = false; /* or Enter would only show the menu */
        result = ldr_menu_handle(menu, (struct ldr_menu_event){.kind = LDR_EVENT_ENTER});
        return result == LDR_MENU_OPEN ? LDR_MENU_LEAVE : result;
    }
    while (result == LDR_MENU_OPEN) {
        draw(io, menu);
        result = ldr_menu_handle(menu, next_event(io));
    }
    empty_screens(io->terminals);
    return result;
}

bool menu_io_wait(struct menu_io *io, const struct ldr_log *log)
{
    unsigned ticks = MENU_IO_PATIENCE * TICKS_PER_SECOND;

    if (!io->listens)
        return false;
    if (io->attended)
        ldr_say(log, "press a key for the menu");
    else
        ldr_say(log, "press a key for the menu; without one firmware goes on in %d s",
                MENU_IO_PATIENCE);
    while (next_event(io).kind == LDR_EVENT_TICK && (io->attended || --ticks))
        ;
    return io->listens && ticks;
}
