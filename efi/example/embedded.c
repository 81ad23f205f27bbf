/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boots a kernel out of a section of its own PE file, ".kernel": one file, no file system.
 * Any way of starting it will do, a network boot or a firmware volume as well.
 */
#include <pagelift.h>

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system);

/* Of the PE headers ("PE Format", Microsoft), what leads to the sections. */
#define PE_AT           0x3c /* in the DOS header: where "PE\0\0" is */
#define SECTIONS_AT     6    /* from there: how many there are, */
#define OPTIONAL_BYTES  20   /* how long the header before their table is, */
#define OPTIONAL_AT     24   /* and where that begins */
#define SECTION_BYTES   40
#define SECTION_SIZE    8  /* in memory; */
#define SECTION_ADDRESS 12 /* from the image's base */

static uint16_t read16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t read32(const uint8_t *at)
{
    return read16(at) | (uint32_t)read16(at + 2) << 16;
}

static bool is_kernel(const uint8_t *section)
{
    for (size_t i = 0; i < 8; i++)
        if (section[i] != (uint8_t) ".kernel"[i])
            return false;
    return true;
}

/* A file source with one file.  A kernel may name modules that it wants from its own volume: there
 * is none. */
static EFI_STATUS read_kernel(void *context, const struct pagelift_file *file,
                              struct pagelift_content *ret_content)
{
    const uint8_t *image = context, *pe = image + read32(image + PE_AT);
    const uint8_t *section = pe + OPTIONAL_AT + read16(pe + OPTIONAL_BYTES);

    if (file->on_kernel_volume)
        return EFI_NOT_FOUND;
    for (unsigned left = read16(pe + SECTIONS_AT); left; left--, section += SECTION_BYTES)
        if (is_kernel(section)) {
            ret_content->at = image + read32(section + SECTION_ADDRESS);
            ret_content->bytes = read32(section + SECTION_SIZE);
            ret_content->path = "/kernel";
            return EFI_SUCCESS;
        }
    ret_content->reason = "this application has no section .kernel; add one by objcopy";
    return EFI_NOT_FOUND;
}

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system)
{
    EFI_GUID guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    const struct pagelift_file kernel = {.path = ".kernel", .cmdline = "modules=0"};
    void *loaded;
    EFI_STATUS status = system->BootServices->HandleProtocol(application, &guid, &loaded);

    if (status != EFI_SUCCESS)
        return status;
    return pagelift_boot(&(struct pagelift_options){
        .bytes = sizeof(struct pagelift_options),
        .application = application,
        .system = system,
        .file = &kernel,
        .file_count = 1,
        .source = {.read = read_kernel, .context = ((EFI_LOADED_IMAGE *)loaded)->ImageBase},
    });
}
