/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the firmware, each in a file of its own.
 */
#ifndef EFI_TESTS_BOOT_PARTS_H
#define EFI_TESTS_BOOT_PARTS_H

#include "efi/tests/boot/firmware.h"

/* The run that is going on. */
extern struct firmware the_firmware;

/* The application is over: does not come back. */
_Noreturn void firmware_end(enum ending ending);

/* Each service begins with it: notes a call that isn't allowed any more, and asks whether this
 * one is to fail. */
EFI_STATUS firmware_call(enum service service);

/* Handles of this firmware: of one disk and its two partitions, for instance. */
enum handle { APPLICATION = 1, CONSOLE, DISK, VOLUME, SECOND, STARTED, HANDLES };
EFI_HANDLE handle_of(enum handle handle);

/* What a handle, or some handle, has of a protocol; null for nothing. */
void devices_start(const struct machine *machine);
void *protocol_of(EFI_HANDLE handle, const EFI_GUID *guid);
void protocols_install(EFI_BOOT_SERVICES *services);

/* Drivers without a file of their own: page rights, random numbers, the TPM. */
void drivers_start(void);
void *rights_driver(void);
void *random_driver(void);
void *tpm_driver(void);

/* A file of a volume. */
struct volume_file {
    const char *path; /* as firmware is asked for it, with '\' */
    const void *content;
    size_t bytes;
};
#define VOLUMES 2
EFI_FILE_IO_INTERFACE *volume_protocol(unsigned volume, const struct volume_file *file,
                                       size_t count);

/* What is on the volumes. */
void contents_start(const struct machine *machine);
const struct volume_file *contents_of(unsigned volume, size_t *ret_count);

/* A gzip file of those bytes, good until the next one of its `slot` (0 or 1). */
const void *gzip_file(unsigned slot, const void *bytes, size_t count, size_t *ret_bytes);

/* The configuration tables. */
void tables_install(EFI_SYSTEM_TABLE *system, const struct machine *machine);
const void *tpm_log(void); /* of one event */

/* A few pages below 1 MiB, for processors to start in; real firmware's memory map has them, and
 * the host's processes may map them. */
size_t low_memory_start(const EFI_MEMORY_DESCRIPTOR **ret_map);
bool low_memory_has(uint64_t phys);
EFI_STATUS low_memory_allocate(uint64_t phys, EFI_MEMORY_TYPE type, UINTN pages);
void low_memory_free(uint64_t phys, UINTN pages);
size_t low_memory_in_use(void);

/* Applications that are started by another. */
void images_install(EFI_BOOT_SERVICES *services);

SIMPLE_TEXT_OUTPUT_INTERFACE *text_output(void);
SIMPLE_INPUT_INTERFACE *text_input(void);
void events_install(EFI_BOOT_SERVICES *services);

EFI_GRAPHICS_OUTPUT_PROTOCOL *screen_protocol(const struct machine *machine);

/* A kernel that asks for nearly all there is. */
const void *kernel_file(const struct machine *machine, size_t *ret_bytes);

void processor_start(const struct machine *machine);

#endif
