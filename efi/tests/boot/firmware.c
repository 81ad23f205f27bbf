/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/boot/firmware.h"

#include <assert.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "efi/tests/acpi_tables.h"
#include "efi/tests/boot/parts.h"
#include "loader/report.h"

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

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE where, EFI_MEMORY_TYPE type, UINTN pages,
                                        EFI_PHYSICAL_ADDRESS *memory)
{
    EFI_STATUS status = firmware_call(ALLOCATE_PAGES);

    return status == EFI_SUCCESS ? plain.AllocatePages(where, type, pages, memory) : status;
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
    static const uint8_t uart[] = {MESSAGING_DEVICE_PATH,
                                   MSG_UART_DP,
                                   19,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0x7f,
                                   0xff,
                                   4,
                                   0};
    EFI_STATUS status = firmware_call(GET_VARIABLE);

    (void)vendor, (void)attributes;
    if (status != EFI_SUCCESS)
        return status;
    if (!the_firmware.machine.uart_in_variable || name[0] != 'C' || name[3] != 'O')
        return EFI_NOT_FOUND;
    if (*bytes < sizeof uart) {
        *bytes = sizeof uart;
        return EFI_BUFFER_TOO_SMALL;
    }
    *bytes = sizeof uart;
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

/* ---- protocols without a file of their own ------------------------------------------ */

static EFI_STATUS EFIAPI get_rights(struct memory_attribute_protocol *attributes,
                                    EFI_PHYSICAL_ADDRESS phys, UINT64 bytes, UINT64 *ret_rights)
{
    (void)attributes, (void)phys, (void)bytes;
    *ret_rights = 0;
    return EFI_SUCCESS;
}

/* Read-only is set and no-execute cleared on the way there, and the reverse on the way back. */
static EFI_STATUS EFIAPI set_rights(struct memory_attribute_protocol *attributes,
                                    EFI_PHYSICAL_ADDRESS phys, UINT64 bytes, UINT64 rights)
{
    EFI_STATUS status = firmware_call(SET_RIGHTS);

    (void)attributes, (void)phys, (void)bytes;
    if (status == EFI_SUCCESS)
        the_firmware.rights =
            rights == EFI_MEMORY_XP ? the_firmware.rights & ~1u : the_firmware.rights | 2u;
    return status;
}

static EFI_STATUS EFIAPI clear_rights(struct memory_attribute_protocol *attributes,
                                      EFI_PHYSICAL_ADDRESS phys, UINT64 bytes, UINT64 rights)
{
    EFI_STATUS status = firmware_call(CLEAR_RIGHTS);

    (void)attributes, (void)phys, (void)bytes;
    if (status == EFI_SUCCESS)
        the_firmware.rights =
            rights == EFI_MEMORY_XP ? the_firmware.rights | 1u : the_firmware.rights & ~2u;
    return status;
}

static EFI_STATUS EFIAPI read_blocks(EFI_BLOCK_IO *disk, UINT32 media, EFI_LBA block, UINTN bytes,
                                     void *buffer)
{
    EFI_STATUS status = firmware_call(READ_BLOCKS);

    (void)disk, (void)media, (void)block;
    if (status == EFI_SUCCESS) {
        memset(buffer, 0x77, bytes);
        memcpy(buffer, "EFI PART", 8);
    }
    return status;
}

struct random_source {
    EFI_STATUS(EFIAPI *get_info)(struct random_source *, UINTN *, EFI_GUID *);
    EFI_STATUS(EFIAPI *get)(struct random_source *, EFI_GUID *, UINTN, UINT8 *);
};

static EFI_STATUS EFIAPI get_random(struct random_source *random, EFI_GUID *algorithm, UINTN bytes,
                                    UINT8 *value)
{
    EFI_STATUS status = firmware_call(GET_RANDOM);

    (void)random, (void)algorithm;
    for (UINTN i = 0; status == EFI_SUCCESS && i < bytes; i++)
        value[i] = (UINT8)(i * 37 + 11);
    return status;
}

/* ---- which handle has what ----------------------------------------------------------- */

EFI_HANDLE handle_of(enum handle handle)
{
    return (EFI_HANDLE)(uintptr_t)handle;
}

/* A disk somewhere, and a partition of it in a GUID partition table. */
static uint8_t device_path[] = {HARDWARE_DEVICE_PATH,
                                HW_VENDOR_DP,
                                20,
                                0,
                                1,
                                2,
                                3,
                                4,
                                5,
                                6,
                                7,
                                8,
                                9,
                                10,
                                11,
                                12,
                                13,
                                14,
                                15,
                                16, /* the partition: */
                                MEDIA_DEVICE_PATH,
                                MEDIA_HARDDRIVE_DP,
                                42,
                                0,
                                1,
                                0,
                                0,
                                0,
                                0,
                                8,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                1,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0xa1,
                                0xa2,
                                0xa3,
                                0xa4,
                                0xa5,
                                0xa6,
                                0xa7,
                                0xa8,
                                0xa9,
                                0xaa,
                                0xab,
                                0xac,
                                0xad,
                                0xae,
                                0xaf,
                                0xb0,
                                2,
                                SIGNATURE_TYPE_GUID, /* the end: */
                                0x7f,
                                0xff,
                                4,
                                0};
static uint8_t disk_path[] = {HARDWARE_DEVICE_PATH,
                              HW_VENDOR_DP,
                              20,
                              0,
                              1,
                              2,
                              3,
                              4,
                              5,
                              6,
                              7,
                              8,
                              9,
                              10,
                              11,
                              12,
                              13,
                              14,
                              15,
                              16,
                              0x7f,
                              0xff,
                              4,
                              0};

static EFI_LOADED_IMAGE loaded;
static EFI_BLOCK_IO_MEDIA media = {.BlockSize = 512, .MediaPresent = TRUE, .LastBlock = 131071};
static EFI_BLOCK_IO disk = {.Media = &media, .ReadBlocks = read_blocks};
static struct memory_attribute_protocol attributes = {get_rights, set_rights, clear_rights};
static struct random_source random_source = {NULL, get_random};
static EFI_FILE_IO_INTERFACE *file_system;
static EFI_GRAPHICS_OUTPUT_PROTOCOL *screen;

static const EFI_GUID random_guid = {
    0x3152bca5, 0xeade, 0x433d, {0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44}};

void *protocol_of(EFI_HANDLE handle, const EFI_GUID *guid)
{
    const struct {
        enum handle handle;
        EFI_GUID guid;
        void *interface;
    } all[] = {
        {APPLICATION, EFI_LOADED_IMAGE_PROTOCOL_GUID, &loaded},
        {CONSOLE, EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID, screen},
        {CONSOLE, MEMORY_ATTRIBUTE_PROTOCOL_GUID, &attributes},
        {CONSOLE, random_guid, &random_source},
        {DISK, EFI_DEVICE_PATH_PROTOCOL_GUID, disk_path},
        {DISK, EFI_BLOCK_IO_PROTOCOL_GUID, &disk},
        {VOLUME, EFI_DEVICE_PATH_PROTOCOL_GUID, device_path},
        {VOLUME, EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID, file_system},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if ((!handle || handle == handle_of(all[i].handle)) &&
            memcmp(guid, &all[i].guid, sizeof *guid) == 0 && all[i].interface)
            return all[i].interface;
    return NULL;
}

/* ---- a run ------------------------------------------------------------------------- */

static const char *configuration(const struct machine *machine)
{
    static char text[400];

    ldr_format(text, sizeof text,
               "timeout: %d\n"
               "/A kernel\n"
               "    protocol: limine\n"
               "    path: %s:/%s\n"
               "    cmdline: quiet\n"
               "    resolution: 1024x768\n"
               "    module_path: boot():/module\n"
               "    module_cmdline: first\n"
               "    module_path: boot():/nothing\n",
               machine->menu ? 1 : 0, machine->nowhere ? "fslabel(NOWHERE)" : "boot()",
               machine->missing ? "absent" : "kernel");
    return text;
}

static void install_files(const struct machine *machine)
{
    static uint8_t module[9000];
    static struct volume_file file[4];
    const char *text = configuration(machine);
    size_t kernel_bytes;
    const void *kernel = kernel_file(machine->base_revision, &kernel_bytes);

    file[0] = (struct volume_file){"\\limine.conf", text, strlen(text)};
    file[1] = (struct volume_file){"\\kernel", kernel, kernel_bytes};
    file[2] = (struct volume_file){"\\module", module, sizeof module};
    file[3] = (struct volume_file){"\\nothing", module, 0};
    file_system = volume_protocol(file, sizeof file / sizeof *file);
}

/* One I/O APIC, whose registers are ordinary memory. */
static void install_tables(EFI_SYSTEM_TABLE *system)
{
    static EFI_CONFIGURATION_TABLE table[1];
    static struct acpi_tables tables;
    static uint8_t madt[64];

    memset(madt, 0, sizeof madt);
    acpi_tables_start(&tables);
    acpi_tables_add(&tables, madt, "APIC", 44 + 8);
    acpi_put(madt + 44, 0x0800, 2); /* this processor's local APIC: 8 bytes, number 0, */
    acpi_put(madt + 48, 1, 4);      /* enabled */
    table[0] = (EFI_CONFIGURATION_TABLE){.VendorGuid = ACPI_20_TABLE_GUID,
                                         .VendorTable = (void *)acpi_tables_rsdp(&tables)};
    system->ConfigurationTable = table;
    system->NumberOfTableEntries = 1;
}

static void install_services(struct fake *fake)
{
    plain = fake->services;
    fake->services.AllocatePages = allocate_pages;
    fake->services.AllocatePool = allocate_pool;
    fake->services.GetMemoryMap = get_memory_map;
    fake->services.ExitBootServices = exit_boot_services;
    events_install(&fake->services);
    protocols_install(&fake->services);
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
    install_services(fake);
    install_files(machine);
    install_tables(&fake->system);
    screen = machine->no_screen ? NULL : screen_protocol(machine);
    fake->system.ConOut = machine->no_text ? NULL : text_output();
    fake->system.ConIn = machine->no_keyboard ? NULL : text_input();
    fake->system.ConsoleOutHandle = handle_of(CONSOLE);
    loaded = (EFI_LOADED_IMAGE){.DeviceHandle = handle_of(VOLUME)};
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
