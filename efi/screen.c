/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/screen.h"

#include <string.h>

#include "efi/framebuffer.h"

/* ---- modes ------------------------------------------------------------------------- */

static enum ldr_status list_modes(struct ldr_machine *machine, EFI_GRAPHICS_OUTPUT_PROTOCOL *output,
                                  struct memory *memory, struct ldr_report *report)
{
    UINT32 most = output->Mode->MaxMode;
    struct ldr_framebuffer *list;
    uint64_t phys;
    enum ldr_status status = memory_allocate(memory, most * sizeof *list,
                                             "the list of the screen's modes", &phys, report);

    if (status != LDR_OK)
        return status;
    list = (struct ldr_framebuffer *)phys;
    machine->mode = list;
    machine->mode_count = 0;
    for (UINT32 mode = 0; mode < most; mode++)
        if (framebuffer_query(memory->services, output, mode, &list[machine->mode_count]))
            machine->mode_count++;
    return LDR_OK;
}

/* ---- EDID (VESA E-EDID 1.4, section 3) ----------------------------------------------- */

#define BLOCK_BYTES 128
#define BLOCKS_MOST 256 /* the first says in one byte how many others there are */

/* The two protocols have the same members (UEFI 2.10, section 12.10). */
typedef EFI_EDID_ACTIVE_PROTOCOL edid_protocol;
_Static_assert(sizeof(EFI_EDID_ACTIVE_PROTOCOL) == sizeof(EFI_EDID_DISCOVERED_PROTOCOL) &&
                   offsetof(EFI_EDID_ACTIVE_PROTOCOL, Edid) ==
                       offsetof(EFI_EDID_DISCOVERED_PROTOCOL, Edid),
               "one serves for both");

/* Without a screen, or with one that says nothing, firmware gives a size of 0. */
static bool take_edid(struct ldr_machine *machine, const edid_protocol *edid)
{
    static const uint8_t header[8] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};

    if (!edid->Edid || edid->SizeOfEdid < BLOCK_BYTES ||
        edid->SizeOfEdid > BLOCKS_MOST * BLOCK_BYTES || memcmp(edid->Edid, header, sizeof header))
        return false;
    machine->edid = edid->Edid;
    machine->edid_bytes = edid->SizeOfEdid;
    return true;
}

/* The active one first, since a user may have put that in place of what the screen says. */
static bool find_edid(struct ldr_machine *machine, EFI_BOOT_SERVICES *services, EFI_HANDLE handle)
{
    EFI_GUID guid[] = {EFI_EDID_ACTIVE_PROTOCOL_GUID, EFI_EDID_DISCOVERED_PROTOCOL_GUID};

    for (unsigned i = 0; i < sizeof guid / sizeof *guid; i++) {
        void *edid;

        if (services->HandleProtocol(handle, &guid[i], &edid) == EFI_SUCCESS &&
            take_edid(machine, edid))
            return true;
    }
    return false;
}

/* Does the screen at this handle show the framebuffer? */
static bool shows(EFI_BOOT_SERVICES *services, EFI_HANDLE handle, EFI_GUID *guid,
                  const struct ldr_framebuffer *framebuffer)
{
    EFI_GRAPHICS_OUTPUT_PROTOCOL *output;
    void *found;

    if (services->HandleProtocol(handle, guid, &found) != EFI_SUCCESS)
        return false;
    output = found;
    return output->Mode && output->Mode->FrameBufferBase == framebuffer->phys;
}

/* The console's screen is one of firmware's own making, which stands for several and has no EDID:
 * so the one behind it is found by the memory that it shows. */
static void look_for_edid(struct ldr_machine *machine, EFI_BOOT_SERVICES *services)
{
    EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    EFI_HANDLE *handle;
    UINTN count;

    if (services->LocateHandleBuffer(ByProtocol, &guid, NULL, &count, &handle) != EFI_SUCCESS)
        return;
    for (UINTN i = 0; i < count; i++)
        if (shows(services, handle[i], &guid, machine->framebuffer) &&
            find_edid(machine, services, handle[i]))
            break;
    services->FreePool(handle);
}

enum ldr_status screen_gather(struct ldr_machine *machine, const struct ldr_requests *requests,
                              EFI_SYSTEM_TABLE *system, EFI_GRAPHICS_OUTPUT_PROTOCOL *screen,
                              struct memory *memory, struct ldr_report *report)
{
    enum ldr_status status;

    if (!requests->present[LDR_FRAMEBUFFER] || !machine->framebuffer)
        return LDR_OK;
    /* There is one, or there were no framebuffer. */
    status = list_modes(machine, screen ? screen : framebuffer_output(system), memory, report);
    if (status == LDR_OK)
        look_for_edid(machine, memory->services);
    return status;
}
