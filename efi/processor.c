/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/processor.h"

#include "pagetables/live.h"

enum ldr_status processor_check(struct pgt_arch *ret_arch, struct ldr_report *report)
{
    struct pgt_arch arch;

    pgt_detect(&arch);
    if (!arch.no_execute)
        return ldr_refuse(report, LDR_BAD_MACHINE,
                          "the processor offers no execute-disable, without which no memory can "
                          "be kept from being run as code; switch it on in the firmware's setup "
                          "(\"NX\", \"XD\"), or give the virtual machine a processor that has it");
    /* CR4.LA57 can't change while paging is on, so staying in long mode means
     * staying with the levels that firmware chose. */
    if (arch.levels != 4)
        return ldr_refuse(report, LDR_BAD_MACHINE,
                          "firmware left 5-level paging on, and this version can't switch to the "
                          "4 levels that kernels expect; switch it off in the firmware's setup "
                          "(\"LA57\"), or give the virtual machine a processor without it");
    arch.pat = PGT_PAT_LIMINE;
    *ret_arch = arch;
    return LDR_OK;
}
