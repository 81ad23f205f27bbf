/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/processor.h"

#include "efi/ports.h"
#include "pagetables/live.h"

#define CPUID_7_ECX_LA57 (1u << 16)

static bool has_5_levels(void)
{
    return cpuid_read(0, 0).eax >= 7 && (cpuid_read(7, 0).ecx & CPUID_7_ECX_LA57);
}

enum ldr_status processor_check(struct processor *ret_processor, struct ldr_report *report)
{
    struct processor processor = {.has_5_levels = has_5_levels()};

    pgt_detect(&processor.arch);
    if (!processor.arch.no_execute)
        return ldr_refuse(report, LDR_BAD_MACHINE,
                          "the processor offers no execute-disable, without which no memory can "
                          "be kept from being run as code; switch it on in the firmware's setup "
                          "(\"NX\", \"XD\"), or give the virtual machine a processor that has it");
    processor.arch.pat = PGT_PAT_LIMINE;
    *ret_processor = processor;
    return LDR_OK;
}
