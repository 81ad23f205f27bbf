/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inspection as text, for a person.
 */
#include <stdio.h>

#include "loader/inspect/inspection.h"

typedef unsigned long long ull;

static uint64_t relocations_of(const struct ldr_image *image)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < LDR_RELOCATION_TABLES; i++)
        count += image->relocations[i].count;
    return count;
}

static void print_image(const struct subject *subject)
{
    const struct ldr_image *image = &subject->image;

    printf("image: 0x%llx, %s in memory, slide 0x%llx, entry 0x%llx\n", (ull)image->virt,
           SIZE_TEXT(image->bytes), (ull)image->slide, (ull)image->entry);
    printf("  segment  address             file offset  in the file   in memory  rights\n");
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct ldr_segment *s = &image->segment[i];
        printf("  %7u  0x%llx  %11llx  %11llu  %10llu  %s\n", s->index, (ull)s->virt,
               (ull)s->file_offset, (ull)s->file_bytes, (ull)s->bytes, rights_text(s->rights));
    }
    printf("  relocations: RELR %llu words, RELA %llu, JMPREL %llu%s\n",
           (ull)image->relocations[LDR_RELR].count, (ull)image->relocations[LDR_RELA].count,
           (ull)image->relocations[LDR_JMPREL].count,
           relocations_of(image) ? "" : " (linked to its address)");
}

/* What it asks, and where there is a machine, what it gets. */
static void print_requests(const struct subject *subject, const struct space *space)
{
    const struct ldr_requests *requests = &subject->requests;

    printf("base revision: %llu%s%s\n", (ull)requests->base_revision,
           requests->tagged ? ", by the tag at " : ", since there is no tag",
           requests->tagged ? PLACE_TEXT(&subject->image, subject->image.virt + requests->tag)
                            : "");
    for (unsigned i = 0; i < LDR_FEATURES; i++) {
        char text[ANSWER_BYTES];
        enum ldr_feature feature = (enum ldr_feature)i;
        if (!requests->present[i])
            continue;
        printf("  %-23s at %s\n", ldr_feature_name(feature),
               PLACE_TEXT(&subject->image, subject->image.virt + requests->request[i]));
        if (space != NULL)
            printf("  %-23s -> %s\n", "", answer_text(space, requests, feature, text));
    }
}

static void print_machine(const struct machine *machine)
{
    static const char *const part[PARTS] = {
        [PART_DISPLAY] = "display", [PART_ACPI] = "ACPI",       [PART_SMBIOS] = "SMBIOS",
        [PART_CLOCK] = "clock",     [PART_ENTROPY] = "entropy", [PART_TSC] = "TSC frequency",
    };

    printf("\nmachine: %s, %u processor%s, %u levels, %s 1G pages", SIZE_TEXT(machine->ram),
           machine->processors, machine->processors == 1 ? "" : "s", machine->levels,
           machine->pages_1g ? "with" : "without");
    for (unsigned i = 0; i < PARTS; i++)
        if (machine->without[i])
            printf(", without %s", part[i]);
    printf("\n");
}

static void print_tables(const struct space *space)
{
    static const char *const level_name[] = {"PT", "PD", "PDPT", "PML4", "PML5"};
    const struct ldr_verdict *v = &space->verdict;
    const struct figures *f = &space->figures;

    printf("  tables: kernel %llu frames, transition %llu frames; leaves 4K %llu, 2M %llu, 1G "
           "%llu; W+X %llu bytes\n",
           (ull)v->kernel_tables, (ull)v->transition_tables, (ull)v->leaves_4k, (ull)v->leaves_2m,
           (ull)v->leaves_1g, (ull)v->writable_executable_bytes);
    printf("  kernel's frames by level:");
    for (unsigned level = space->plan.arch.levels; level-- > 0;)
        printf(" %s %llu%s", level_name[level], (ull)f->frames[level], level ? "," : "\n");
    printf("  mapped: %s; rw- %s, ", SIZE_TEXT(f->mapped), SIZE_TEXT(f->read_write));
    printf("r-- %s, r-x %s\n", SIZE_TEXT(f->read_only), SIZE_TEXT(f->executable));
    printf("  TLB reach: %s of that at once, with %u entries for 4K and 2M pages and %u for 1G\n",
           SIZE_TEXT(f->reach), TLB_ENTRIES, TLB_ENTRIES_1G);
}

static void print_places(const struct space *space)
{
    const struct ldr_layout *layout = &space->layout;

    printf("  image at physical 0x%llx, handoff page 0x%llx, stack 0x%llx (%s%s)\n",
           (ull)layout->image_phys, (ull)layout->handoff_phys, (ull)layout->stack_phys,
           SIZE_TEXT(layout->stack_bytes), layout->more_stacks ? " for each processor" : "");
}

static void print_lines(const struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        printf("%s\n", lines->text[i]);
}

/* What is true of several machines is said once. */
static void print_notes(const struct inspection *x, unsigned machine)
{
    const struct lines *said = &x->space[machine].said;

    for (size_t i = 0; i < said->count; i++)
        if (!said_before(x, machine, said->text[i]))
            printf("%s\n", said->text[i]);
}

static void print_space(const struct inspection *x, unsigned machine)
{
    const struct space *space = &x->space[machine];

    print_machine(&space->machine);
    if (space->report.status != LDR_OK) {
        printf("error: %s\n", space->report.text);
        return;
    }
    print_places(space);
    print_tables(space);
    print_notes(x, machine);
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void print_verdict(const struct inspection *x)
{
    const int wanted = x->options.base_revision;

    if (wanted >= 0 && x->spaces && (uint64_t)wanted != x->subject.requests.base_revision)
        printf("error: %s: base revision %llu, where --base-revision wants %d\n",
               x->subject.file.path, (ull)x->subject.requests.base_revision, wanted);
    printf("\nverdict: %s; %zu warning%s, %zu note%s\n", x->refusals ? "refused" : "boots",
           x->warnings, plural(x->warnings), x->notes, plural(x->notes));
}

void print_text(const struct inspection *x)
{
    const struct subject *subject = &x->subject;
    const struct space *first =
        x->spaces && x->space[0].report.status == LDR_OK ? &x->space[0] : NULL;

    printf("%s: %llu bytes", subject->file.path, (ull)subject->stored_bytes);
    if (subject->file.bytes != subject->stored_bytes)
        printf(", %llu inflated", (ull)subject->file.bytes);
    printf("\n");
    if (subject->memory != NULL)
        print_image(subject);
    if (x->spaces)
        print_requests(subject, first);
    print_lines(&subject->said);
    if (subject->report.status != LDR_OK)
        printf("error: %s\n", subject->report.text);
    for (unsigned i = 0; i < x->spaces; i++)
        print_space(x, i);
    print_verdict(x);
}
