/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pagelift-inspect: a kernel judged without a machine.  README.md beside this is its manual.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/inspect/inspection.h"

enum { EXIT_BOOTS = 0, EXIT_REFUSED = 1, EXIT_TROUBLE = 2 };

/* Only the modules' sizes matter, but a module that can't be read is a mistake. */
static bool read_modules(const struct options *options, struct content *module)
{
    for (unsigned i = 0; i < options->modules; i++)
        if (!content_read(&module[i], options->module[i]))
            return false;
    return true;
}

bool said_before(const struct inspection *x, unsigned machine, const char *line)
{
    for (unsigned i = 0; i < machine; i++)
        for (size_t k = 0; k < x->space[i].said.count; k++)
            if (strcmp(x->space[i].said.text[k], line) == 0)
                return true;
    return false;
}

/* `machine` is 0 for what is said of the kernel itself. */
static void count(struct inspection *x, const struct lines *lines, unsigned machine)
{
    for (size_t i = 0; i < lines->count; i++) {
        if (said_before(x, machine, lines->text[i]))
            continue;
        x->warnings += line_is(lines->text[i], x->subject.file.path, "warning");
        x->notes += line_is(lines->text[i], x->subject.file.path, "note");
    }
}

static void make_spaces(struct inspection *x, const struct content *module)
{
    x->spaces = x->options.machines;
    x->space = take(x->spaces, sizeof *x->space);
    for (unsigned i = 0; i < x->spaces; i++) {
        space_make(&x->space[i], &x->subject, &x->options.machine[i], module, x->options.modules);
        x->refusals += x->space[i].report.status != LDR_OK;
        count(x, &x->space[i].said, i);
    }
}

static void judge(struct inspection *x, const struct content *module)
{
    const int wanted = x->options.base_revision;

    count(x, &x->subject.said, 0);
    if (x->subject.report.status != LDR_OK) {
        x->refusals++;
        return;
    }
    x->refusals += wanted >= 0 && (uint64_t)wanted != x->subject.requests.base_revision;
    make_spaces(x, module);
}

/* No picture where there is nothing to draw: the refusal says why. */
static int show(const struct inspection *x)
{
    if (x->options.json)
        print_json(x);
    else
        print_text(x);
    if (x->options.svg && x->spaces && x->space[0].built && !draw_svg(x, x->options.svg))
        return EXIT_TROUBLE;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "pagelift-inspect: can't write the output\n");
        return EXIT_TROUBLE;
    }
    return x->refusals || (x->options.strict && x->warnings) ? EXIT_REFUSED : EXIT_BOOTS;
}

static int inspect(struct inspection *x, struct content *module)
{
    if (!read_modules(&x->options, module) || !subject_open(&x->subject, x->options.kernel))
        return EXIT_TROUBLE;
    judge(x, module);
    return show(x);
}

static void release(struct inspection *x, struct content *module)
{
    for (unsigned i = 0; i < x->spaces; i++)
        space_free(&x->space[i]);
    for (unsigned i = 0; i < x->options.modules; i++)
        free(module[i].at);
    free(x->space);
    free(module);
    subject_close(&x->subject);
}

int main(int count_of, char *argument[])
{
    struct inspection x = {0};
    enum options_end end = options_read(&x.options, count_of, argument);

    if (end != OPTIONS_GO)
        return end == OPTIONS_HELP ? EXIT_BOOTS : EXIT_TROUBLE;
    struct content *module = take(x.options.modules, sizeof *module);
    int status = inspect(&x, module);
    release(&x, module);
    return status;
}
