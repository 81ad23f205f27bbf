/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetables/pagetables.h"

const char *pgt_status_text(enum pgt_status status)
{
    switch (status) {
    case PGT_OK:
        return "done";
    case PGT_NO_FRAMES:
        return "out of frames for page tables";
    case PGT_MISALIGNED:
        return "an address or a length is not aligned";
    case PGT_BAD_RANGE:
        return "the range is empty, wraps, or is not canonical";
    case PGT_BAD_PHYSICAL:
        return "the frames lie beyond the processor's physical-address width";
    case PGT_BAD_RIGHTS:
        return "the processor can't express these rights or this memory type";
    case PGT_SEALED:
        return "the range reaches into a sealed upper";
    case PGT_BUSY:
        return "other address spaces still share this one's upper";
    case PGT_OCCUPIED:
        return "the range to clone to is not empty";
    case PGT_MALFORMED:
        return "the tables break a rule";
    }
    return "an unknown status";
}
