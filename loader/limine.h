/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Limine boot protocol, x86-64: what lies in memory between a loader and a
 * kernel.  Base revisions 0 to 6; the features that this loader answers.
 *
 * Every address is a uint64_t here, since a loader writes addresses that mean
 * something only in the kernel's address space.  Unless said otherwise it is a
 * virtual address in the direct map (HHDM), or 0 for "none".
 *
 * Both sides use this header: the loader, and the stub kernel.
 */
#ifndef LOADER_LIMINE_H
#define LOADER_LIMINE_H

#include <stdint.h>

#define LIMINE_BASE_REVISION_LAST 6

#define LIMINE_BASE_TAG_0 UINT64_C(0xf9562b2d5c95a6c8)
#define LIMINE_BASE_TAG_1 UINT64_C(0x6a7b384944536bdc)

#define LIMINE_START_MARKER                                                                        \
    {UINT64_C(0xf6b8f4b39de7d1ae), UINT64_C(0xfab91a6940fcb9cf), UINT64_C(0x785c6ed015d3e316),     \
     UINT64_C(0x181e920a7852b9d9)}
#define LIMINE_END_MARKER {UINT64_C(0xadc0e0531bb10d03), UINT64_C(0x9572709f31764c62)}

/* The first two words of every request's id; the last two name the feature. */
#define LIMINE_ID_0 UINT64_C(0xc7b1dd30df4c8b88)
#define LIMINE_ID_1 UINT64_C(0x0a82e883a194f07b)
#define LIMINE_ID(word2, word3) {LIMINE_ID_0, LIMINE_ID_1, UINT64_C(word2), UINT64_C(word3)}

#define LIMINE_BOOTLOADER_INFO LIMINE_ID(0xf55038d8e2a1202f, 0x279426fcf5f59740)
#define LIMINE_FIRMWARE_TYPE LIMINE_ID(0x8c2f75d90bef28a8, 0x7045a4688eac00c3)
#define LIMINE_STACK_SIZE LIMINE_ID(0x224ef0460a8e8926, 0xe1cb0fc25f46ea3d)
#define LIMINE_HHDM LIMINE_ID(0x48dcf1cb8ad2b852, 0x63984e959a98244b)
#define LIMINE_FRAMEBUFFER LIMINE_ID(0x9d5827dcd881dd75, 0xa3148604f6fab11b)
#define LIMINE_MEMMAP LIMINE_ID(0x67cf3d9d378a806f, 0xe304acdfc50c3c62)
#define LIMINE_ENTRY_POINT LIMINE_ID(0x13d86c035a1cd3e1, 0x2b0caa89d8f3026a)
#define LIMINE_EXECUTABLE_FILE LIMINE_ID(0xad97e90e83f1ed67, 0x31eb5d1c5ff23b69)
#define LIMINE_EXECUTABLE_CMDLINE LIMINE_ID(0x4b161536e598651e, 0xb390ad4a2f1f303a)
#define LIMINE_EXECUTABLE_ADDRESS LIMINE_ID(0x71ba76863cc55f63, 0xb2644a48c516a487)
#define LIMINE_MODULE LIMINE_ID(0x3e7e279702be32af, 0xca1c4f3bd1280cee)
#define LIMINE_RSDP LIMINE_ID(0xc5e77b6b397e7b43, 0x27637845accdcf3c)
#define LIMINE_SMBIOS LIMINE_ID(0x9e9046f11e095391, 0xaa4a520fefbde5ee)
#define LIMINE_EFI_SYSTEM_TABLE LIMINE_ID(0x5ceba5163eaaf6d6, 0x0a6981610cf65fcc)
#define LIMINE_EFI_MEMMAP LIMINE_ID(0x7df62a431d6872d5, 0xa4fcdfb3e57306c8)
#define LIMINE_DATE_AT_BOOT LIMINE_ID(0x502746e184c088aa, 0xfbc5ec83e6327893)
#define LIMINE_PAGING_MODE LIMINE_ID(0x95c1a0edab0944cb, 0xa4e5cb3842f7488a)
#define LIMINE_MP LIMINE_ID(0x95a67b819a1b857e, 0xa0b61b723b6a73e0)
#define LIMINE_X86_64_KEEP_IOMMU LIMINE_ID(0x8ebaabe51f490179, 0x2aa86a59ffb4ab0f)
#define LIMINE_TSC_FREQUENCY LIMINE_ID(0x10f2ee1d87d195e4, 0xf747a2b78f6ddb31)
#define LIMINE_ENTROPY LIMINE_ID(0x65ea80255d5682c5, 0x9117240723f493eb)
#define LIMINE_BOOTLOADER_PERFORMANCE LIMINE_ID(0x6b50ad9bf36d13ad, 0xdc4c7e88fc759e17)
#define LIMINE_TPM_EVENT_LOG LIMINE_ID(0x98e094fc7e76e979, 0xee8d8775c54e1d1f)

/* What every request starts with; 8-byte aligned in the loaded image. */
struct limine_request {
    uint64_t id[4];
    uint64_t revision;
    uint64_t response; /* the loader fills it in, or leaves it alone */
};

struct limine_stack_size_request {
    struct limine_request head;
    uint64_t stack_size; /* bytes */
};

struct limine_entry_point_request {
    struct limine_request head;
    uint64_t entry; /* virtual address in the image */
};

#define LIMINE_INTERNAL_MODULE_REQUIRED   1
#define LIMINE_INTERNAL_MODULE_COMPRESSED 2 /* by gzip; from response revision 2 on */

struct limine_internal_module {
    uint64_t path; /* beside the executable; perhaps with "#" and a BLAKE2b hash behind */
    uint64_t string;
    uint64_t flags;
};

struct limine_module_request {
    struct limine_request head;
    /* request revision 1 */
    uint64_t internal_module_count;
    uint64_t internal_modules; /* array of addresses of struct limine_internal_module */
};

/* Levels of page tables; a larger number is a larger address space. */
#define LIMINE_PAGING_MODE_X86_64_4LVL 0
#define LIMINE_PAGING_MODE_X86_64_5LVL 1

struct limine_paging_mode_request {
    struct limine_request head;
    uint64_t mode; /* the one that is preferred */
    /* request revision 1; at revision 0 they stand for `mode` and for 4 levels */
    uint64_t max_mode;
    uint64_t min_mode;
};

struct limine_paging_mode_response {
    uint64_t revision;
    uint64_t mode; /* the one that is on */
};

#define LIMINE_MP_X2APIC 1 /* in both flags: x2APIC, as asked for and as it is */

struct limine_mp_request {
    struct limine_request head;
    uint64_t flags;
};

/* One processor.  A parked one waits for goto_address, which it then jumps to. */
struct limine_mp_info {
    uint32_t processor_id; /* ACPI's UID of it */
    uint32_t lapic_id;
    uint64_t reserved; /* the loader's own */
    uint64_t goto_address;
    uint64_t extra_argument; /* the kernel's own */
};

struct limine_mp_response {
    uint64_t revision;
    uint32_t flags;
    uint32_t bsp_lapic_id;
    uint64_t cpu_count; /* the one that runs the kernel included */
    uint64_t cpus;      /* array of addresses of struct limine_mp_info */
};

struct limine_entropy_request {
    struct limine_request head;
    uint64_t value_count; /* random words of 8 bytes that are wanted */
};

/* Responses that hold nothing more: stack size, entry point, keep IOMMU. */
struct limine_response {
    uint64_t revision;
};

struct limine_bootloader_info_response {
    uint64_t revision;
    uint64_t name;
    uint64_t version;
};

#define LIMINE_FIRMWARE_EFI64 2
struct limine_firmware_type_response {
    uint64_t revision;
    uint64_t firmware_type;
};

struct limine_hhdm_response {
    uint64_t revision;
    uint64_t offset;
};

struct limine_framebuffer_response {
    uint64_t revision;
    uint64_t framebuffer_count;
    uint64_t framebuffers; /* array of addresses of struct limine_framebuffer */
};

#define LIMINE_FRAMEBUFFER_RGB 1
struct limine_framebuffer {
    uint64_t address;
    uint64_t width;  /* pixels */
    uint64_t height; /* pixels */
    uint64_t pitch;  /* bytes from one line to the next */
    uint16_t bpp;    /* bits in a pixel */
    uint8_t memory_model;
    uint8_t red_mask_size;
    uint8_t red_mask_shift;
    uint8_t green_mask_size;
    uint8_t green_mask_shift;
    uint8_t blue_mask_size;
    uint8_t blue_mask_shift;
    uint8_t unused[7];
    uint64_t edid_size;
    uint64_t edid;
    /* response revision 1 */
    uint64_t mode_count;
    uint64_t modes; /* array of addresses of struct limine_video_mode */
};

struct limine_video_mode {
    uint64_t pitch;
    uint64_t width;
    uint64_t height;
    uint16_t bpp;
    uint8_t memory_model;
    uint8_t red_mask_size;
    uint8_t red_mask_shift;
    uint8_t green_mask_size;
    uint8_t green_mask_shift;
    uint8_t blue_mask_size;
    uint8_t blue_mask_shift;
};

enum limine_memmap_type {
    LIMINE_MEMMAP_USABLE = 0,
    LIMINE_MEMMAP_RESERVED = 1,
    LIMINE_MEMMAP_ACPI_RECLAIMABLE = 2,
    LIMINE_MEMMAP_ACPI_NVS = 3,
    LIMINE_MEMMAP_BAD_MEMORY = 4,
    LIMINE_MEMMAP_BOOTLOADER_RECLAIMABLE = 5,
    LIMINE_MEMMAP_EXECUTABLE_AND_MODULES = 6,
    LIMINE_MEMMAP_FRAMEBUFFER = 7,
    LIMINE_MEMMAP_RESERVED_MAPPED = 8, /* base revision 4 on */
};
#define LIMINE_MEMMAP_TYPES 9

struct limine_memmap_entry {
    uint64_t base;   /* physical */
    uint64_t length; /* bytes */
    uint64_t type;
};

struct limine_memmap_response {
    uint64_t revision;
    uint64_t entry_count;
    uint64_t entries; /* array of addresses of struct limine_memmap_entry */
};

struct limine_uuid {
    uint32_t a;
    uint16_t b;
    uint16_t c;
    uint8_t d[8];
};

struct limine_file {
    uint64_t revision;
    uint64_t address; /* page aligned */
    uint64_t size;    /* bytes */
    uint64_t path;
    uint64_t string; /* command line */
    uint32_t media_type;
    uint32_t unused;
    uint32_t tftp_ip;
    uint32_t tftp_port;
    uint32_t partition_index; /* from 1; 0 if unknown */
    uint32_t mbr_disk_id;
    struct limine_uuid gpt_disk_uuid;
    struct limine_uuid gpt_part_uuid;
    struct limine_uuid part_uuid;
};

struct limine_executable_file_response {
    uint64_t revision;
    uint64_t executable_file; /* struct limine_file */
};

struct limine_executable_cmdline_response {
    uint64_t revision;
    uint64_t cmdline;
};

struct limine_executable_address_response {
    uint64_t revision;
    uint64_t physical_base;
    uint64_t virtual_base;
};

struct limine_module_response {
    uint64_t revision;
    uint64_t module_count;
    uint64_t modules; /* array of addresses of struct limine_file */
};

struct limine_rsdp_response {
    uint64_t revision;
    uint64_t address; /* physical at base revision 3 */
};

struct limine_smbios_response {
    uint64_t revision;
    uint64_t entry_32; /* physical at base revisions 3 and 4 */
    uint64_t entry_64;
};

struct limine_efi_system_table_response {
    uint64_t revision;
    uint64_t address; /* physical at base revisions 3 and 4 */
};

struct limine_efi_memmap_response {
    uint64_t revision;
    uint64_t memmap;
    uint64_t memmap_size;
    uint64_t desc_size;
    uint64_t desc_version;
};

struct limine_date_at_boot_response {
    uint64_t revision;
    int64_t timestamp; /* seconds since 1970-01-01 00:00 UTC */
};

struct limine_tsc_frequency_response {
    uint64_t revision;
    uint64_t frequency; /* Hz */
};

struct limine_entropy_response {
    uint64_t revision;
    uint64_t value_count; /* as many as were asked for, or fewer */
    uint64_t values;      /* array of words of 8 bytes; 0 for none */
};

/* Microseconds since one moment in the past, the same for all three. */
struct limine_bootloader_performance_response {
    uint64_t revision;
    uint64_t reset_usec;
    uint64_t init_usec; /* the loader's start */
    uint64_t exec_usec; /* the kernel's start */
};

#define LIMINE_TPM_EVENT_LOG_FORMAT_TCG_1_2 1
#define LIMINE_TPM_EVENT_LOG_FORMAT_TCG_2   2
struct limine_tpm_event_log_response {
    uint64_t revision;
    uint64_t format;
    uint64_t size;    /* bytes */
    uint64_t address; /* 0 for an empty log */
};

_Static_assert(sizeof(struct limine_request) == 48, "request head");
_Static_assert(sizeof(struct limine_entropy_request) == 56, "entropy request");
_Static_assert(sizeof(struct limine_bootloader_performance_response) == 32, "performance");
_Static_assert(sizeof(struct limine_tpm_event_log_response) == 32, "TPM event log");
_Static_assert(sizeof(struct limine_paging_mode_request) == 72, "paging mode request");
_Static_assert(sizeof(struct limine_mp_request) == 56, "MP request");
_Static_assert(sizeof(struct limine_mp_info) == 32, "MP info");
_Static_assert(sizeof(struct limine_mp_response) == 32, "MP response");
_Static_assert(sizeof(struct limine_framebuffer) == 80, "framebuffer");
_Static_assert(sizeof(struct limine_video_mode) == 40, "video mode");
_Static_assert(sizeof(struct limine_file) == 112, "file");

#endif
