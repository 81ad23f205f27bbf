/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boots /boot/stub.elf from its own volume, with a page of its own mapped into the kernel's
 * address space, and says what happens in its own words.
 */
#include <pagelift.h>

/* Far above any direct map, far below the kernel. */
#define GREETING_VIRT 0xfffffe0000000000

struct example {
    EFI_SYSTEM_TABLE *system;
    EFI_PHYSICAL_ADDRESS greeting;
};

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system);

static void write(EFI_SYSTEM_TABLE *system, const char *text)
{
    CHAR16 unit[] = {0, 0};

    for (; *text; text++) {
        unit[0] = (CHAR16)*text;
        system->ConOut->OutputString(system->ConOut, unit);
    }
}

/* Without .ended in the console the library is silent once boot services have ended. */
static void line(void *context, const char *text)
{
    struct example *example = context;

    write(example->system, "example: ");
    write(example->system, text);
    write(example->system, "\r\n");
}

/* One mapping: the page with the greeting, to read and write; nobody else shall use it. */
static bool next_mapping(void *context, const struct pagelift_place *place, size_t index,
                         struct pagelift_mapping *ret_mapping)
{
    struct example *example = context;

    (void)place;
    *ret_mapping = (struct pagelift_mapping){.virt = GREETING_VIRT,
                                             .phys = example->greeting,
                                             .bytes = EFI_PAGE_SIZE,
                                             .rights = PAGELIFT_WRITE,
                                             .taken = true};
    return index == 0;
}

static EFI_STATUS make_greeting(struct example *example)
{
    static const char text[] = "Greetings from another application";
    EFI_STATUS status = example->system->BootServices->AllocatePages(
        AllocateAnyPages, EfiLoaderData, 1, &example->greeting);

    for (size_t i = 0; i < sizeof text && status == EFI_SUCCESS; i++)
        ((char *)example->greeting)[i] = text[i];
    return status;
}

EFI_STATUS efi_main(EFI_HANDLE application, EFI_SYSTEM_TABLE *system)
{
    struct example example = {.system = system};
    const struct pagelift_file kernel = {.path = "/boot/stub.elf",
                                         .cmdline = "modules=0 greeting=fffffe0000000000"};
    EFI_STATUS status = make_greeting(&example);

    if (status != EFI_SUCCESS)
        return status;
    status = pagelift_boot(&(struct pagelift_options){
        .bytes = sizeof(struct pagelift_options),
        .application = application,
        .system = system,
        .file = &kernel,
        .file_count = 1,
        .console = {.line = line, .context = &example},
        .mapping = next_mapping,
        .mapping_context = &example,
    });
    /* The kernel was refused, for the reason that line() has written. */
    system->BootServices->FreePages(example.greeting, 1);
    return status;
}
