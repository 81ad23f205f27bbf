/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Into ring 3 and out of it (SDM volume 3A, 5.8.8 for SYSCALL and SYSRET).
 */
#include "loader/stub/user.h"

#include "loader/stub/cpu.h"
#include "loader/stub/fault.h"

/* In user_entry.S. */
void user_enter(const struct trap_frame *frame);
void user_system_call_entry(void);
extern const char user_leave[];
extern uint64_t user_kernel_stack;

bool user_system_call(struct trap_frame *frame);

/* The program that runs.  Whoever enters the kernel from ring 3 has no caller that could
 * pass it on, hence a static: one processor, and programs don't nest. */
static struct user *running;

/* First address that is not canonical.  SYSRET to it would fault in ring 0 already, but on the
 * program's stack. */
#define LOWER_END UINT64_C(0x0000800000000000)

void user_init(void)
{
    msr_write(MSR_STAR, (uint64_t)SELECTOR_USER_BASE << 48 | (uint64_t)SELECTOR_CODE << 32);
    msr_write(MSR_LSTAR, (uint64_t)user_system_call_entry);
    /* Off from the first instruction on: AC, or the kernel could touch the program's
     * memory by accident; the rest would disturb it. */
    msr_write(MSR_FMASK, RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC);
    msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SCE);
}

void user_prepare(struct user *user, uint64_t rip, uint64_t rsp)
{
    user->frame = (struct trap_frame){
        .rip = rip,
        .cs = SELECTOR_USER_CODE,
        .rflags = RFLAGS_FIXED,
        .rsp = rsp,
        .ss = SELECTOR_USER_DATA,
    };
    user->address = 0;
}

void user_run(struct user *user)
{
    running = user;
    user_enter(&user->frame);
    running = 0;
}

void user_stopped(struct trap_frame *frame, uint64_t address)
{
    running->frame = *frame;
    running->address = address;
    frame->rip = (uint64_t)user_leave;
    frame->cs = SELECTOR_CODE;
    frame->rflags = RFLAGS_FIXED;
    frame->rsp = user_kernel_stack;
    frame->ss = SELECTOR_DATA;
}

/* user_entry.S calls it.  False if the frame no longer leads back by SYSRET. */
bool user_system_call(struct trap_frame *frame)
{
    /* From the last bytes of the lower half: what follows can't be executed anyway. */
    if (frame->rip >= LOWER_END)
        frame->vector = FAULT_GENERAL_PROTECTION;
    else if (running->call != 0 && running->call(running->context, frame))
        return true;
    user_stopped(frame, 0);
    return false;
}
