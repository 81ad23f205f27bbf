/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/tests/menu_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char menu_text[] = "/A\n" MENU_KERNEL "comment: the first\n"
                         "/+B\n"
                         "//C\n" MENU_KERNEL "//D\n"
                         "///D1\n" MENU_KERNEL "///D2\n"
                         "////D3\n" MENU_KERNEL "/hidden\nif_arch: none\n"
                         "/E\n"
                         "//E1\n" MENU_KERNEL "/F\nprotocol: efi\npath: /f.efi\n"
                         "/G\nprotocol: linux\n"
                         "/H\n" MENU_KERNEL "/L\n" MENU_KERNEL;

int menu_start(void **state)
{
    *state = calloc(1, sizeof(struct menu_fixture));
    return 0;
}

int menu_stop(void **state)
{
    free(*state);
    return 0;
}

enum ldr_menu_result menu_open_text(struct menu_fixture *f, const char *text)
{
    config_accepted(&f->config, text);
    memset(&f->menu, 0xa5, sizeof f->menu);
    return ldr_menu_open(&f->menu, &f->config.config);
}

enum ldr_menu_result menu_open_with(struct menu_fixture *f, const char *lines)
{
    char text[2048];

    snprintf(text, sizeof text, "%s\n%s", lines, menu_text);
    return menu_open_text(f, text);
}

enum ldr_menu_result menu_event(struct menu_fixture *f, enum ldr_menu_event_kind kind)
{
    return ldr_menu_handle(&f->menu, (struct ldr_menu_event){.kind = kind});
}

enum ldr_menu_result menu_type(struct menu_fixture *f, char character)
{
    return ldr_menu_handle(
        &f->menu, (struct ldr_menu_event){.kind = LDR_EVENT_CHARACTER, .character = character});
}

void menu_type_text(struct menu_fixture *f, const char *text)
{
    for (; *text != '\0'; text++)
        assert_int_equal(menu_type(f, *text), LDR_MENU_OPEN);
}

void menu_check_chosen(const struct menu_fixture *f, const char *name, const char *cmdline)
{
    struct ldr_entry entry;

    ldr_menu_chosen(&f->menu, &entry);
    config_check_slice(entry.name, name);
    config_check_slice(entry.cmdline, cmdline);
}

void menu_check_selected(const struct menu_fixture *f, const char *name)
{
    config_check_slice(f->config.config.entry[f->menu.selected].name, name);
}

void menu_press(struct menu_fixture *f, enum ldr_menu_event_kind kind, const char *selected)
{
    assert_int_equal(menu_event(f, kind), LDR_MENU_OPEN);
    menu_check_selected(f, selected);
}

bool menu_shows(const struct ldr_menu *menu, size_t index)
{
    const struct ldr_entry *entry = menu->config->entry;
    unsigned depth = entry[index].depth;

    if (entry[index].hidden)
        return false;
    for (size_t i = index; i-- > 0 && depth > 1;) {
        if (entry[i].depth >= depth)
            continue;
        depth = entry[i].depth;
        if (!menu->open[i])
            return false;
    }
    return true;
}
