/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/fault/names.h"

#include <stddef.h>

const char *fault_name(uint64_t vector)
{
    static const char *const name[] = {
        "divide error",
        "debug",
        "non-maskable interrupt",
        "breakpoint",
        "overflow",
        "bound range exceeded",
        "invalid opcode",
        "device not available",
        "double fault",
        "coprocessor segment overrun",
        "invalid TSS",
        "segment not present",
        "stack-segment fault",
        "general protection",
        "page fault",
        "reserved",
        "floating-point error",
        "alignment check",
        "machine check",
        "SIMD floating-point",
        "virtualization",
        "control protection",
    };

    return vector < sizeof(name) / sizeof(name[0]) ? name[vector] : "reserved";
}

const struct fault_meaning *fault_meaning(uint64_t vector)
{
    static const struct fault_meaning meaning[] = {
        [0] = {"a division by 0, or a quotient that has no room in its register",
               "check the divisor; INT_MIN / -1 has no quotient either"},
        [1] = {"none: a breakpoint register, or single steps",
               "RFLAGS.TF or DR7 is set; clear them"},
        [2] = {"none: the hardware asks for attention",
               "a watchdog, a memory error or somebody's button"},
        [3] = {"none: an INT3 instruction",
               "a breakpoint without a debugger, or padding that runs"},
        [6] =
            {"the processor has no such instruction, or it is switched off",
             "UD2 is a compiler's trap or unreachable code; SSE wants CR4.OSFXSR, AVX CR4.OSXSAVE"},
        [7] = {"x87 or SSE while CR0.EM or CR0.TS is set",
               "clear them; or compile with -mgeneral-regs-only"},
        [13] = {"none that registers show", "an address that isn't canonical, a bit that is "
                                            "reserved, or what ring 0 alone may do"},
        [16] = {"an x87 exception that is not masked", "the x87 control word masks them"},
        [18] = {"the hardware found an error in itself", "the IA32_MCi_STATUS registers say which"},
        [19] = {"an SSE exception that is not masked", "MXCSR masks them"},
        [21] = {"a return, or a jump, that CET doesn't allow", "CR4.CET is set: who set it?"},
    };

    if (vector >= sizeof(meaning) / sizeof(meaning[0]) || !meaning[vector].broken)
        return NULL;
    return &meaning[vector];
}
