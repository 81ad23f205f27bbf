/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/fake_foreign.h"

#include <assert.h>

#include "efi/foreign.h"

static unsigned calls, open;

void foreign_begin(struct foreign *ret_before)
{
    assert(open == 0);
    open = 1;
    calls++;
    ret_before->fs_base = calls;
}

void foreign_end(const struct foreign *before)
{
    assert(open == 1 && before->fs_base == calls);
    open = 0;
}

unsigned fake_foreign_calls(void)
{
    assert(open == 0);
    return calls;
}
