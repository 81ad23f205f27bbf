/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys of a configuration, by name.
 */
#include "loader/config_lines.h"

/* In lower case.  The names are in the table, which is smaller than a table of pointers to
 * them with its relocations. */
static const struct {
    char name[20];
    uint8_t key;
} known_keys[] = {
    {"timeout", LDR_KEY_TIMEOUT},
    {"default_entry", LDR_KEY_DEFAULT_ENTRY},
    {"quiet", LDR_KEY_QUIET},
    {"serial", LDR_KEY_SERIAL},
    {"editor_enabled", LDR_KEY_EDITOR},
    {"hash_mismatch_panic", LDR_KEY_HASH_MISMATCH_PANIC},

    {"protocol", LDR_KEY_PROTOCOL},
    {"path", LDR_KEY_PATH},
    {"kernel_path", LDR_KEY_PATH},
    {"image_path", LDR_KEY_PATH},
    {"cmdline", LDR_KEY_CMDLINE},
    {"kernel_cmdline", LDR_KEY_CMDLINE},
    {"comment", LDR_KEY_COMMENT},
    {"module_path", LDR_KEY_MODULE_PATH},
    {"module_cmdline", LDR_KEY_MODULE_CMDLINE},
    {"module_string", LDR_KEY_MODULE_CMDLINE},
    {"resolution", LDR_KEY_RESOLUTION},
    {"kaslr", LDR_KEY_KASLR},
    {"randomise_hhdm_base", LDR_KEY_RANDOMISE_HHDM},
    {"randomize_hhdm_base", LDR_KEY_RANDOMISE_HHDM},
    {"early_faults", LDR_KEY_EARLY_FAULTS},
    {"min_paging_mode", LDR_KEY_MIN_PAGING_MODE},
    {"max_paging_mode", LDR_KEY_MAX_PAGING_MODE},
    {"paging_mode", LDR_KEY_PAGING_MODE},
    {"if_arch", LDR_KEY_IF_ARCH},
    {"if_loader_arch", LDR_KEY_IF_ARCH},
    {"if_fw_type", LDR_KEY_IF_FW_TYPE},

};

/* What Limine does and this loader doesn't: its owner may count on it.  Lists of names end in
 * an empty one. */
static const char not_done[] = "boot_keybind\0measured_boot\0randomise_memory\0"
                               "randomize_memory\0remember_last_entry\0";

/* How Limine looks, and what its other machines and protocols want.  A name that ends in "_"
 * stands for all that begin with it. */
static const char without_effect[] =
    "backdrop\0editor_\0firmware_logo\0graphics\0interface_\0keyboard_layout\0mouse\0term_\0"
    "serial_baudrate\0terse\0textmode\0verbose\0wallpaper\0wallpaper_style\0"
    "drive\0dtb_path\0entry\0global_dtb\0gpt_guid\0gpt_uuid\0mbr_id\0partition\0";

static bool is_listed(struct ldr_text key, const char *name)
{
    size_t length;

    for (; *name != '\0'; name += length + 1) {
        for (length = 0; name[length] != '\0'; length++)
            continue;
        bool family = name[length - 1] == '_';
        if (ldr_text_starts(key, name) && family == (key.length > length))
            return true;
    }
    return false;
}

/* The table is short and a configuration has few lines: no need to search better. */
enum ldr_key ldr_line_key(struct ldr_text key)
{
    for (size_t i = 0; i < sizeof known_keys / sizeof known_keys[0]; i++) {
        if (ldr_text_is(key, known_keys[i].name))
            return known_keys[i].key;
    }
    if (is_listed(key, not_done))
        return LDR_KEY_UNSUPPORTED;
    return is_listed(key, without_effect) ? LDR_KEY_WITHOUT_EFFECT : LDR_KEY_UNKNOWN;
}
