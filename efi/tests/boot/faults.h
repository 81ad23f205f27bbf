/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which call of which service fails, and how.  Each service of the firmware in
 * firmware.h asks here before it does anything.
 */
#ifndef EFI_TESTS_BOOT_FAULTS_H
#define EFI_TESTS_BOOT_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "efi/uefi.h"

enum service {
    ALLOCATE_PAGES,
    ALLOCATE_POOL,
    FREE_PAGES,
    FREE_POOL,
    GET_MEMORY_MAP,
    EXIT_BOOT_SERVICES,
    HANDLE_PROTOCOL,
    LOCATE_PROTOCOL,
    LOCATE_HANDLES,
    LOCATE_PATH,
    CONNECT,
    CREATE_EVENT,
    CLOSE_EVENT,
    SET_TIMER,
    WAIT_FOR_EVENT,
    SET_WATCHDOG,
    STALL,
    GET_VARIABLE,
    GET_TIME,
    OUTPUT_STRING,
    SHAPE_TEXT, /* whatever else a text console does */
    READ_KEY,
    QUERY_SCREEN,
    SET_SCREEN,
    OPEN_VOLUME,
    OPEN_FILE,
    READ_FILE,
    FILE_INFO,
    CLOSE_FILE,
    READ_BLOCKS,
    SET_RIGHTS,
    CLEAR_RIGHTS,
    GET_RANDOM,
    MEASURE, /* the TPM's protocol */
    LOAD_IMAGE,
    UNLOAD_IMAGE,
    START_IMAGE,
    SERVICES
};

#define FAULT_STATUSES 6

/* A service: its name, and what it may return instead of success (UEFI 2.10); 0 ends. */
struct fault_kind {
    const char *name;
    EFI_STATUS status[FAULT_STATUSES + 1];
};
extern const struct fault_kind fault_kind[SERVICES];

/* Call `call`, from 1, of a service, and where `lasting` all that follow it, return `status`. */
struct fault {
    enum service service;
    size_t call; /* 0: nothing fails */
    EFI_STATUS status;
    bool lasting;
};

/* Counts from 0 again. */
void faults_start(const struct fault *fault);

/* What the call that is being made shall return: success, or the fault's status. */
EFI_STATUS faults_ask(enum service service);

/* Calls of a service so far. */
size_t faults_calls(enum service service);

#endif
