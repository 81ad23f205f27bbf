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

/* Handles of this firmware. */
enum handle { APPLICATION = 1, CONSOLE, DISK, VOLUME };
EFI_HANDLE handle_of(enum handle handle);

/* What a handle, or some handle, has of a protocol; null for nothing. */
void *protocol_of(EFI_HANDLE handle, const EFI_GUID *guid);
void protocols_install(EFI_BOOT_SERVICES *services);

/* A file of the volume. */
struct volume_file {
    const char *path; /* as firmware is asked for it, with '\' */
    const void *content;
    size_t bytes;
};
EFI_FILE_IO_INTERFACE *volume_protocol(const struct volume_file *file, size_t count);

SIMPLE_TEXT_OUTPUT_INTERFACE *text_output(void);
SIMPLE_INPUT_INTERFACE *text_input(void);
void events_install(EFI_BOOT_SERVICES *services);

EFI_GRAPHICS_OUTPUT_PROTOCOL *screen_protocol(const struct machine *machine);

/* A kernel that asks for nearly all there is. */
const void *kernel_file(unsigned base_revision, size_t *ret_bytes);

void processor_start(const struct machine *machine);

#endif
