/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A page that another application mapped before it had this kernel started by Pagelift's
 * library.  The command line says where; without that word there is nothing to test:
 *     greeting=XXXXXXXXXXXXXXXX   the page's virtual address, hexadecimal
 */
#include "loader/stub/checks.h"
#include "loader/stub/mem.h"
#include "loader/stub/memory.h"
#include "loader/stub/words.h"

static const char greeting[] = "Greetings from another application";

static void check_leaf(struct stub *stub, uint64_t virt)
{
    const struct limine_memmap_entry *entry;
    struct pgt_leaf leaf;

    if (!tap_ok(&stub->tap, pgt_lookup(&stub->space, virt, &leaf), "the greeting is mapped"))
        return;
    tap_equal(&stub->tap, leaf.rights, PGT_READ | PGT_WRITE, "it can be read and written");
    entry = memory_find(stub->memmap, leaf.phys);
    tap_ok(&stub->tap, entry != 0 && entry->type == LIMINE_MEMMAP_EXECUTABLE_AND_MODULES,
           "its memory is told as taken");
}

void check_greeting(struct stub *stub)
{
    uint64_t virt = words_on_command_line("greeting=", 16, 0);
    volatile char *page = (volatile char *)virt;

    if (virt == 0)
        return;
    if (stub->adopted)
        check_leaf(stub, virt);
    if (!tap_ok(&stub->tap, memcmp((const void *)virt, greeting, sizeof greeting) == 0,
                "it says what it should"))
        return;
    page[0] = 'g';
    tap_equal(&stub->tap, (uint64_t)page[0], 'g', "and can be answered");
}
