/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/tests/iommu_model.h"

#include <string.h>

#include "efi/tests/test.h"

/* VT-d 4.1, section 11.4: offsets and bits. */
enum { VER = 0, CAP = 8, GCMD = 0x18, GSTS = 0x1c, PMEN = 0x64, IQH = 0x80, IQT = 0x88 };
#define TE    (1u << 31)
#define SRTP  (1u << 30)
#define SFL   (1u << 29)
#define WBF   (1u << 27)
#define QIE   (1u << 26)
#define IRE   (1u << 25)
#define SIRTP (1u << 24)

/* AMD I/O Virtualization 3.08, section 3.4. */
enum { CONTROL = 0x18, COMMAND_HEAD = 0x2000, COMMAND_TAIL = 0x2008, STATUS = 0x2020 };
#define IOMMU_EN    1u
#define EVENT_LOG   (1u << 2)
#define COMMAND_BUF (1u << 12)
#define PPR_LOG     (1u << 13)
#define GA_LOG      (1u << 28)

void model_start(struct model *model)
{
    *model = (struct model){.version = 0x10, .capability = 3u << 5, .delay = 5};
    model_settle(model);
}

void model_settle(struct model *model)
{
    model->next_status = model->status;
    model->next_protect = model->protect;
    model->next_control = model->control;
    model->next_running = model->running;
}

/* Each read is a step of time. */
static void tick(struct model *model)
{
    model->reads++;
    if (model->head != model->tail && model->reads % 7 == 0)
        model->head += 16;
    if (model->command_head != model->command_tail && model->reads % 7 == 0)
        model->command_head += 16;
    if (model->pending && --model->pending)
        return;
    model->status = model->next_status | (model->status & model->stubborn);
    model->protect = model->next_protect | (model->protect & model->stubborn);
    model->control = model->next_control | (model->control & model->stubborn);
    model->running = model->next_running;
}

static uint32_t read_vtd(const struct model *model, uint64_t at)
{
    switch (at) {
    case VER:
        return model->version;
    case CAP:
        return model->capability;
    case GSTS:
        return model->status;
    case PMEN:
        return model->protect;
    case IQH:
        return model->head;
    case IQT:
        return model->tail;
    default:
        fail_msg("read of VT-d register %lx", at);
        return 0;
    }
}

static uint32_t read_amd(const struct model *model, uint64_t at)
{
    switch (at) {
    case CONTROL:
        return model->control;
    case COMMAND_HEAD:
        return model->command_head;
    case COMMAND_TAIL:
        return model->command_tail;
    case STATUS:
        return model->running;
    default:
        fail_msg("read of AMD-Vi register %lx", at);
        return 0;
    }
}

static uint32_t read_register(void *context, uint64_t phys)
{
    struct model *model = context;

    tick(model);
    if (phys - MODEL_VTD < 0x1000)
        return read_vtd(model, phys - MODEL_VTD);
    if (phys - MODEL_AMD < 0x4000)
        return read_amd(model, phys - MODEL_AMD);
    fail_msg("read at %lx", phys);
    return 0;
}

/* One bit at a time, none of the commands that are done once, and not before the last
 * change shows in the status; the queue only when it is empty and nobody needs it. */
static void command_vtd(struct model *model, uint32_t value)
{
    uint32_t lasting = model->status & ~(SRTP | SFL | WBF | SIRTP);
    uint32_t changed = lasting ^ value;

    assert_int_equal(model->pending, 0);
    assert_int_equal(value & (SRTP | SFL | WBF | SIRTP), 0);
    assert_int_not_equal(changed, 0);
    assert_int_equal(changed & (changed - 1), 0);
    assert_int_equal(value & changed, 0); /* switched off, never on */
    if (changed & QIE) {
        assert_int_equal(model->head, model->tail);
        assert_int_equal(model->status & IRE & ~model->stubborn, 0);
    }
    model->next_status = model->status & ~changed;
}

static void write_amd_control(struct model *model, uint32_t value)
{
    uint32_t runs = 0;

    assert_int_equal(value & ~model->control, 0); /* nothing is switched on */
    assert_int_not_equal(value, model->control);
    /* Switched off while it still works on commands or logs, it leaves them half done. */
    if ((model->control & IOMMU_EN) && !(value & IOMMU_EN))
        assert_int_equal(model->running, 0);
    if (!(value & COMMAND_BUF))
        assert_int_equal(model->command_head, model->command_tail);
    runs |= value & EVENT_LOG ? 1u << 3 : 0;
    runs |= value & COMMAND_BUF ? 1u << 4 : 0;
    runs |= value & PPR_LOG ? 1u << 7 : 0;
    runs |= value & GA_LOG ? 1u << 8 : 0;
    /* The register reads back at once; what runs comes to rest later. */
    model->control = value | (model->control & model->stubborn);
    model->next_control = model->control;
    model->next_running = model->running & runs;
}

static void write_register(void *context, uint64_t phys, uint32_t value)
{
    struct model *model = context;

    model->writes++;
    switch (phys) {
    case MODEL_VTD + GCMD:
        command_vtd(model, value);
        break;
    case MODEL_VTD + PMEN:
        assert_int_equal(value, 0);
        assert_int_equal(model->status & TE & ~model->stubborn, 0);
        model->next_protect = 0;
        break;
    case MODEL_AMD + CONTROL:
        write_amd_control(model, value);
        break;
    default:
        fail_msg("write at %lx", phys);
    }
    model->pending = model->delay;
}

struct registers model_registers(struct model *model)
{
    return (struct registers){.read = read_register, .write = write_register, .context = model};
}
