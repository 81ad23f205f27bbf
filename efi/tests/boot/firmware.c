/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/boot/firmware.h"

#include <assert.h>
#include <setjmp.h>
#include <string.h>

#include "efi/tests/boot/parts.h"
#include "efi/tests/device_paths.h"

struct firmware the_firmware;

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system);

/* What fake.h's firmware does where nothing goes wrong. */
static EFI_BOOT_SERVICES plain;
static jmp_buf end_of_application;

_Noreturn void firmware_end(enum ending ending)
{
    the_firmware.ending = ending;
    longjmp(end_of_application, 1);
}

/* After the first ExitBootServices() firmware may be half down, and after one that succeeded it
 * is gone (UEFI 2.10, section 7.4.6). */
EFI_STATUS firmware_call(enum service service)
{
    struct firmware *f = &the_firmware;
    bool closing = service == GET_MEMORY_MAP || service == EXIT_BOOT_SERVICES;

    if (!f->forbidden && f->exits > 0 && (f->ended || !closing))
        f->forbidden = fault_kind[service].name;
    return faults_ask(service);
}

/* ---- memory ----------------------------------------------------------------------- */

/* No place is better than another to UEFI, and some firmware scatters what it gives. */
static EFI_STATUS allocate_at_odd_place(EFI_MEMORY_TYPE type, UINTN pages,
                                        EFI_PHYSICAL_ADDRESS *memory)
{
    struct fake *fake = the_firmware.fake;
    uint64_t *chance = &the_firmware.machine.odd_places;
    EFI_STATUS status = EFI_NOT_FOUND;

    for (unsigned i = 0; i < 100 && status != EFI_SUCCESS; i++) {
        *chance = *chance * UINT64_C(6364136223846793005) + 1442695040888963407;
        *memory = fake->ram + (*chance >> 33) % FAKE_PAGES * EFI_PAGE_SIZE;
        status = plain.AllocatePages(AllocateAddress, type, pages, memory);
    }
    return status == EFI_SUCCESS ? EFI_SUCCESS : EFI_OUT_OF_RESOURCES;
}

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE where, EFI_MEMORY_TYPE type, UINTN pages,
                                        EFI_PHYSICAL_ADDRESS *memory)
{
    EFI_STATUS status = firmware_call(ALLOCATE_PAGES);

    if (status == EFI_SUCCESS && where == AllocateAddress && low_memory_has(*memory))
        return low_memory_allocate(*memory, type, pages);
    if (status == EFI_SUCCESS && where == AllocateAnyPages && the_firmware.machine.odd_places)
        return allocate_at_odd_place(type, pages, memory);
    return status == EFI_SUCCESS ? plain.AllocatePages(where, type, pages, memory) : status;
}

/* What isn't taken back stays, and is no fault of the application's. */
static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS memory, UINTN pages)
{
    EFI_STATUS status = firmware_call(FREE_PAGES);

    if (status != EFI_SUCCESS)
        the_firmware.kept += pages;
    else if (low_memory_has(memory))
        low_memory_free(memory, pages);
    else
        status = plain.FreePages(memory, pages);
    return status;
}

static EFI_STATUS EFIAPI allocate_pool(EFI_MEMORY_TYPE type, UINTN bytes, void **buffer)
{
    EFI_STATUS status = firmware_call(ALLOCATE_POOL);

    if (status == EFI_SUCCESS)
        status = plain.AllocatePool(type, bytes, buffer);
    if (status == EFI_SUCCESS)
        memset(*buffer, 0xbe, bytes);
    return status;
}

static EFI_STATUS EFIAPI free_pool(void *buffer)
{
    EFI_STATUS status = firmware_call(FREE_POOL);

    if (status != EFI_SUCCESS)
        the_firmware.kept++;
    return status == EFI_SUCCESS ? plain.FreePool(buffer) : status;
}

/* A map that has just outgrown the caller's buffer isn't a failure but takes another call. */
static EFI_STATUS EFIAPI get_memory_map(UINTN *bytes, EFI_MEMORY_DESCRIPTOR *map, UINTN *key,
                                        UINTN *descriptor_bytes, UINT32 *version)
{
    EFI_STATUS status = firmware_call(GET_MEMORY_MAP);

    if (status == EFI_BUFFER_TOO_SMALL)
        *bytes = 0;
    else if (status != EFI_SUCCESS)
        return status;
    return plain.GetMemoryMap(bytes, map, key, descriptor_bytes, version);
}

static EFI_STATUS EFIAPI exit_boot_services(EFI_HANDLE image, UINTN key)
{
    EFI_STATUS status = firmware_call(EXIT_BOOT_SERVICES);

    assert(image == handle_of(APPLICATION));
    the_firmware.exits++;
    if (status == EFI_SUCCESS)
        status = plain.ExitBootServices(image, key);
    the_firmware.ended = status == EFI_SUCCESS;
    return status;
}

/* ---- runtime ---------------------------------------------------------------------- */

static EFI_STATUS EFIAPI get_time(EFI_TIME *time, EFI_TIME_CAPABILITIES *capabilities)
{
    EFI_STATUS status = firmware_call(GET_TIME);

    (void)capabilities;
    if (status == EFI_SUCCESS)
        *time = (EFI_TIME){.Year = 2026, .Month = 2, .Day = 28, .Hour = 12};
    return status;
}

/* ConOut, as the device path of a serial port; other variables there are none of. */
static EFI_STATUS EFIAPI get_variable(CHAR16 *name, EFI_GUID *vendor, UINT32 *attributes,
                                      UINTN *bytes, void *data)
{
    static const uint8_t uart[] = {UART, END};
    EFI_STATUS status = firmware_call(GET_VARIABLE);
    UINTN room = *bytes;

    (void)vendor, (void)attributes;
    if (status != EFI_SUCCESS)
        return status;
    if (!the_firmware.machine.uart_in_variable || name[0] != 'C' || name[3] != 'O')
        return EFI_NOT_FOUND;
    *bytes = sizeof uart;
    if (room < sizeof uart)
        return EFI_BUFFER_TOO_SMALL;
    memcpy(data, uart, sizeof uart);
    return EFI_SUCCESS;
}

/* Runtime services stay: it may be called to the last. */
static EFI_STATUS EFIAPI reset_system(EFI_RESET_TYPE type, EFI_STATUS status, UINTN bytes,
                                      CHAR16 *data)
{
    (void)type, (void)status, (void)bytes, (void)data;
    firmware_end(RESET);
}

/* ---- a run ------------------------------------------------------------------------- */

static void install_services(struct fake *fake)
{
    plain = fake->services;
    fake->services.AllocatePages = allocate_pages;
    fake->services.AllocatePool = allocate_pool;
    fake->services.FreePages = free_pages;
    fake->services.FreePool = free_pool;
    fake->services.GetMemoryMap = get_memory_map;
    fake->services.ExitBootServices = exit_boot_services;
    events_install(&fake->services);
    protocols_install(&fake->services);
    images_install(&fake->services);
    fake->runtime.GetTime = get_time;
    fake->runtime.GetVariable = get_variable;
    fake->runtime.ResetSystem = reset_system;
}

static void start(const struct machine *machine)
{
    struct fake *fake = machine->high ? fake_start() : fake_start_low();
    struct firmware *f = &the_firmware;

    *f = (struct firmware){.fake = fake, .machine = *machine, .watchdog = true, .interrupts = true};
    fake->exit_failures = machine->exit_failures;
    fake->extra_descriptors = machine->extra_descriptors;
    fake->extra_at_each_asking = machine->extra_at_each_asking;
    fake->more = machine->more;
    fake->more_count = machine->more_count;
    if (machine->descriptor_bytes)
        fake->descriptor_bytes = machine->descriptor_bytes;
    if (machine->full)
        fake->more_count = low_memory_start(&fake->more);
    install_services(fake);
    contents_start(machine);
    devices_start(machine);
    tables_install(&fake->system, machine);
    fake->system.ConOut = machine->no_text ? NULL : text_output();
    fake->system.ConIn = machine->no_keyboard ? NULL : text_input();
    fake->system.ConsoleOutHandle = handle_of(CONSOLE);
    processor_start(machine);
    faults_start(&machine->fault);
}

const struct firmware *firmware_boot(const struct machine *machine)
{
    start(machine);
    if (setjmp(end_of_application) == 0) {
        the_firmware.status = (machine->application ? machine->application : efi_main)(
            handle_of(APPLICATION), &the_firmware.fake->system);
        the_firmware.ending = RETURNED;
    }
    return &the_firmware;
}

size_t firmware_in_use(const struct firmware *f)
{
    return fake_in_use(f->fake) + low_memory_in_use() - f->kept;
}

unsigned count_lines(const char *text, const char *part)
{
    unsigned lines = 0;

    for (const char *at = strstr(text, part); at; at = strstr(at, part)) {
        lines++;
        at = strchr(at, '\n');
        if (!at)
            break;
    }
    return lines;
}
