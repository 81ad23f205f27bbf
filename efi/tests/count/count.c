/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells what a boot costs, for firmware/tests/test_instructions.py: this application puts itself
 * between firmware and the loader under test, starts that, and says on COM1, once boot services
 * are about to end, at which value of the time-stamp counter the loader was started, and how
 * much of the time since was spent in firmware's file system, in its console, and waiting.  The
 * stub kernel says when it was entered.  Any loader that is a UEFI application can be measured
 * so.
 */
#include <stdint.h>
#include <string.h>

#include "efi/acpi.h"
#include "efi/firmware_tables.h"
#include "efi/serial.h"
#include "efi/tests/levels/next.h"
#include "efi/tsc.h"

typedef unsigned long long ull;

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system);

/* Firmware's functions as they were, and the account.  In a global, since firmware hands none of
 * its callers' notes to what stands in a function's place. */
static struct {
    EFI_IMAGE_START start_image;
    EFI_EXIT_BOOT_SERVICES exit_boot_services;
    EFI_STALL stall;
    EFI_TEXT_OUTPUT_STRING output_string;
    EFI_TEXT_SET_ATTRIBUTE set_attribute;
    EFI_STATUS(EFIAPI *open_volume)(EFI_FILE_IO_INTERFACE *, EFI_FILE_HANDLE *);
    EFI_FILE file;  /* what every open file of the volume is called by */
    unsigned depth; /* of calls of them, one within another */
    uint64_t started, in_files, in_console, waiting;
} the;

/* Each call is between a begin() and an end().  Of calls within others, as of waiting for a disk
 * within reading a file, the outermost counts. */
static uint64_t begin(void)
{
    the.depth++;
    return tsc_read();
}

static void end(uint64_t *part, uint64_t from)
{
    the.depth--;
    if (the.depth == 0)
        *part += tsc_read() - from;
}

/* ---- the file system ------------------------------------------------------------ */

static void adopt_file(EFI_FILE_HANDLE file);

static EFI_STATUS EFIAPI open_volume(EFI_FILE_IO_INTERFACE *volume, EFI_FILE_HANDLE *ret_root)
{
    uint64_t from = begin();
    EFI_STATUS status = the.open_volume(volume, ret_root);

    if (status == EFI_SUCCESS)
        adopt_file(*ret_root);
    end(&the.in_files, from);
    return status;
}

static EFI_STATUS EFIAPI file_open(EFI_FILE_HANDLE file, EFI_FILE_HANDLE *ret_file, CHAR16 *name,
                                   UINT64 mode, UINT64 attributes)
{
    uint64_t from = begin();
    EFI_STATUS status = the.file.Open(file, ret_file, name, mode, attributes);

    if (status == EFI_SUCCESS)
        adopt_file(*ret_file);
    end(&the.in_files, from);
    return status;
}

static EFI_STATUS EFIAPI file_close(EFI_FILE_HANDLE file)
{
    uint64_t from = begin();
    EFI_STATUS status = the.file.Close(file);

    end(&the.in_files, from);
    return status;
}

static EFI_STATUS EFIAPI file_read(EFI_FILE_HANDLE file, UINTN *bytes, void *buffer)
{
    uint64_t from = begin();
    EFI_STATUS status = the.file.Read(file, bytes, buffer);

    end(&the.in_files, from);
    return status;
}

static EFI_STATUS EFIAPI file_get_info(EFI_FILE_HANDLE file, EFI_GUID *kind, UINTN *bytes,
                                       void *buffer)
{
    uint64_t from = begin();
    EFI_STATUS status = the.file.GetInfo(file, kind, bytes, buffer);

    end(&the.in_files, from);
    return status;
}

static void adopt_file(EFI_FILE_HANDLE file)
{
    if (!the.file.Read)
        the.file = *file;
    if (the.file.Read != file->Read && file->Read != file_read)
        __builtin_trap(); /* another file system, whose functions are not those kept */
    file->Open = file_open;
    file->Close = file_close;
    file->Read = file_read;
    file->GetInfo = file_get_info;
}

static enum ldr_status watch_files(EFI_BOOT_SERVICES *services, struct ldr_report *report)
{
    EFI_GUID guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
    EFI_FILE_IO_INTERFACE *volume;
    void *protocol;

    if (services->LocateProtocol(&guid, NULL, &protocol) != EFI_SUCCESS)
        return ldr_refuse(report, LDR_BAD_MACHINE, "firmware has no file system");
    volume = protocol;
    the.open_volume = volume->OpenVolume;
    volume->OpenVolume = open_volume;
    return LDR_OK;
}

/* ---- the console ------------------------------------------------------------------ */

static EFI_STATUS EFIAPI output_string(SIMPLE_TEXT_OUTPUT_INTERFACE *out, CHAR16 *text)
{
    uint64_t from = begin();
    EFI_STATUS status = the.output_string(out, text);

    end(&the.in_console, from);
    return status;
}

static EFI_STATUS EFIAPI set_attribute(SIMPLE_TEXT_OUTPUT_INTERFACE *out, UINTN attribute)
{
    uint64_t from = begin();
    EFI_STATUS status = the.set_attribute(out, attribute);

    end(&the.in_console, from);
    return status;
}

static void watch_console(SIMPLE_TEXT_OUTPUT_INTERFACE *out)
{
    the.output_string = out->OutputString;
    the.set_attribute = out->SetAttribute;
    out->OutputString = output_string;
    out->SetAttribute = set_attribute;
}

/* ---- waiting ---------------------------------------------------------------------- */

static EFI_STATUS EFIAPI stall(UINTN microseconds)
{
    uint64_t from = begin();
    EFI_STATUS status = the.stall(microseconds);

    end(&the.waiting, from);
    return status;
}

/* ACPI 6.5, section 5.2.9: a machine of reduced hardware has no timer at a port, so that whoever
 * measures time by that goes to firmware instead. */
#define FADT_FLAGS       112
#define HARDWARE_REDUCED 0x10 /* in byte 2 of the flags */

static enum ldr_status watch_waiting(EFI_SYSTEM_TABLE *system, struct ldr_report *report)
{
    uint64_t rsdp = firmware_table(system, (EFI_GUID)ACPI_20_TABLE_GUID);
    uint32_t bytes;
    uint8_t *fadt = (uint8_t *)acpi_find(rsdp, "FACP", &bytes);

    if (!fadt || bytes < FADT_FLAGS + 4)
        return ldr_refuse(report, LDR_BAD_MACHINE, "firmware has no FADT");
    fadt[FADT_FLAGS + 2] |= HARDWARE_REDUCED;
    the.stall = system->BootServices->Stall;
    system->BootServices->Stall = stall;
    return LDR_OK;
}

/* ---- from the loader's start to the end of boot services ---------------------------- */

static EFI_STATUS EFIAPI start_image(EFI_HANDLE image, UINTN *ret_bytes, CHAR16 **ret_text)
{
    the.started = tsc_read();
    return the.start_image(image, ret_bytes, ret_text);
}

/* By the port, since firmware's console is among what is measured; a few thousand instructions. */
static EFI_STATUS EFIAPI exit_boot_services(EFI_HANDLE image, UINTN key)
{
    char line[160];

    if (the.started) {
        ldr_format(line, sizeof line,
                   "count: started at %llu, files %llu, console %llu, waiting %llu\n",
                   (ull)the.started, (ull)the.in_files, (ull)the.in_console, (ull)the.waiting);
        serial_write(line);
        the.started = 0; /* said, though the call should fail and come again */
    }
    return the.exit_boot_services(image, key);
}

static enum ldr_status watch(struct memory *memory, EFI_SYSTEM_TABLE *system,
                             struct ldr_report *report)
{
    EFI_BOOT_SERVICES *services = memory->services;
    enum ldr_status status = watch_files(services, report);

    if (status == LDR_OK)
        status = watch_waiting(system, report);
    if (status != LDR_OK)
        return status;
    watch_console(system->ConOut);
    the.start_image = services->StartImage;
    the.exit_boot_services = services->ExitBootServices;
    services->StartImage = start_image;
    services->ExitBootServices = exit_boot_services;
    return LDR_OK;
}

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system)
{
    return next_start(application, system, watch);
}
