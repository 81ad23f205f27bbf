/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library as another application uses it: steps, options, sources, consoles and extra
 * mappings, and that whatever it refuses it gives back.
 */
#include "efi/tests/test.h"

#include <string.h>

#include "efi/pagelift.h"
#include "efi/tests/boot/firmware.h"
#include "loader/plan.h"

const char *__asan_default_options(void);

/* Kernels that were started hold what they were given for good. */
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

#define FREE_VIRT UINT64_C(0xfffffe0000000000)

/* What the application under test is told to do; tests have no other way to it. */
static struct {
    struct pagelift_options options;
    struct pagelift_mapping mapping[PAGELIFT_MAPPINGS + 1];
    size_t mapping_count;
    struct pagelift_place place;
    unsigned lines, lines_after_end, ends;
    char last[400], reason[400];
    bool refuses;
    struct pagelift_content content;
    size_t stop_before; /* this step; 0: none */
} wanted;

static const struct pagelift_file files[] = {{.path = "/kernel", .cmdline = "quiet"},
                                             {.path = "/module"}};

/* ---- callbacks ---------------------------------------------------------------------- */

static void line(void *context, const char *text)
{
    assert_ptr_equal(context, &wanted);
    wanted.lines++;
    wanted.lines_after_end += wanted.ends > 0;
    strncpy(wanted.last, text, sizeof wanted.last - 1);
}

static void ended(void *context)
{
    assert_ptr_equal(context, &wanted);
    wanted.ends++;
}

static bool next_mapping(void *context, const struct pagelift_place *place, size_t index,
                         struct pagelift_mapping *ret_mapping)
{
    assert_ptr_equal(context, &wanted);
    wanted.place = *place;
    if (index == wanted.mapping_count)
        return false;
    *ret_mapping = wanted.mapping[index];
    return true;
}

static EFI_STATUS read_file(void *context, const struct pagelift_file *file,
                            struct pagelift_content *ret_content)
{
    assert_ptr_equal(context, &wanted);
    *ret_content = wanted.content;
    return strcmp(file->path, "/kernel") == 0 && !wanted.refuses ? EFI_SUCCESS : EFI_NOT_FOUND;
}

/* ---- the application ------------------------------------------------------------------ */

static EFI_STATUS by_steps(EFI_HANDLE application, EFI_SYSTEM_TABLE *system)
{
    EFI_STATUS(*const step[])
    (struct pagelift *) = {pagelift_gather, pagelift_load, pagelift_map, pagelift_exit};
    struct pagelift *boot;
    EFI_STATUS status;

    wanted.options.application = application;
    wanted.options.system = system;
    status = pagelift_open(&boot, &wanted.options);
    for (size_t i = 0; status == EFI_SUCCESS && i < sizeof step / sizeof *step; i++) {
        if (wanted.stop_before == i + 1)
            break;
        status = step[i](boot);
        strncpy(wanted.reason, pagelift_reason(boot), sizeof wanted.reason - 1);
        if (status == EFI_SUCCESS && step[i] == pagelift_exit)
            pagelift_jump(boot);
        if (status != EFI_SUCCESS) {
            pagelift_close(boot);
            return status;
        }
    }
    if (status == EFI_SUCCESS)
        pagelift_close(boot);
    return status;
}

static void start(void)
{
    memset(&wanted, 0, sizeof wanted);
    wanted.options =
        (struct pagelift_options){.bytes = sizeof wanted.options, .file = files, .file_count = 2};
}

/* Runs it, and sees to it that a refusal gave everything back. */
static const struct firmware *run(void)
{
    const struct firmware *f =
        firmware_boot(&(struct machine){.application = by_steps, .base_revision = 3});

    assert_null(f->forbidden);
    if (f->ending == RETURNED) {
        assert_int_equal(fake_in_use(f->fake), 0);
        assert_int_equal(f->events, 0);
        assert_int_equal(f->protocols, 0);
        assert_int_equal(f->rights, 0);
    }
    return f;
}

static void runs(void)
{
    assert_int_equal(run()->ending, JUMPED);
}

static void is_refused(EFI_STATUS status, const char *reason)
{
    const struct firmware *f = run();

    if (f->ending != RETURNED || f->status != status || !strstr(wanted.reason, reason))
        print_error("ending %d, status %#llx, reason: %s\nnot: %s\n", f->ending,
                    (unsigned long long)f->status, wanted.reason, reason);
    assert_int_equal(f->ending, RETURNED);
    assert_int_equal(f->status, status);
    assert_non_null(strstr(wanted.reason, reason));
}

/* ---- steps ------------------------------------------------------------------------------ */

static void from_the_boot_volume(void **state)
{
    (void)state;
    start();
    runs();
}

static void left_before_any_step(void **state)
{
    (void)state;
    for (size_t step = 1; step <= 4; step++) {
        start();
        wanted.stop_before = step;
        assert_int_equal(run()->status, EFI_SUCCESS);
    }
}

static void options_that_are_missing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        start();
        wanted.options.file = i == 0 ? NULL : files;
        wanted.options.file_count = i == 1 ? 0 : 2;
        wanted.options.bytes = i == 2   ? sizeof wanted.options + 8
                               : i == 3 ? offsetof(struct pagelift_options, file)
                                        : sizeof wanted.options;
        assert_int_equal(run()->status, i == 2 ? EFI_INCOMPATIBLE_VERSION : EFI_INVALID_PARAMETER);
    }
}

/* Fields that a caller of an older header doesn't have aren't read, whatever lies there. */
static void an_older_caller(void **state)
{
    (void)state;
    start();
    memset((char *)&wanted.options + offsetof(struct pagelift_options, source), 0xff,
           sizeof wanted.options - offsetof(struct pagelift_options, source));
    wanted.options.bytes = offsetof(struct pagelift_options, source);
    runs();
}

/* ---- console ---------------------------------------------------------------------------- */

static void a_console_of_its_own(void **state)
{
    (void)state;
    for (unsigned with_end = 0; with_end < 2; with_end++) {
        const struct firmware *f;

        start();
        wanted.options.console = (struct pagelift_console){
            .line = line, .ended = with_end ? ended : NULL, .context = &wanted};
        f = run();
        assert_int_equal(f->ending, JUMPED);
        assert_int_equal(f->screen_bytes + f->serial_bytes, 0);
        assert_true(wanted.lines > 5);
        assert_int_equal(wanted.ends, with_end);
        assert_int_equal(wanted.lines_after_end > 0, with_end);
        assert_int_equal(strstr(wanted.last, "boot services ended") != NULL, with_end);
    }
}

static void the_reason_is_a_line_too(void **state)
{
    (void)state;
    start();
    wanted.options.file = &(struct pagelift_file){.path = "/absent"};
    wanted.options.file_count = 1;
    wanted.options.console = (struct pagelift_console){.line = line, .context = &wanted};
    is_refused(EFI_NOT_FOUND, "/absent: there is no such file");
    assert_memory_equal(wanted.last, "error: ", 7);
    assert_string_equal(wanted.last + 7, wanted.reason);
}

/* ---- source ------------------------------------------------------------------------------ */

static void use_source(void)
{
    start();
    wanted.options.file_count = 1;
    wanted.options.source = (struct pagelift_source){.read = read_file, .context = &wanted};
}

static void a_source_that_refuses(void **state)
{
    (void)state;
    use_source();
    wanted.refuses = true;
    is_refused(EFI_NOT_FOUND, "/kernel: the application can't give this file (not found)");
    use_source();
    wanted.refuses = true;
    wanted.content.reason = "the moon is in the wrong phase";
    is_refused(EFI_NOT_FOUND, "the moon is in the wrong phase");
}

static void a_source_that_gives_nonsense(void **state)
{
    static const char text[64] = "no kernel";

    (void)state;
    use_source();
    is_refused(EFI_INVALID_PARAMETER, "null or, for content to be used in place, not a page");
    use_source();
    wanted.content = (struct pagelift_content){.at = text + 1, .bytes = 9, .in_place = true};
    is_refused(EFI_INVALID_PARAMETER, "null or, for content to be used in place, not a page");
    use_source();
    wanted.content = (struct pagelift_content){.at = text, .bytes = 9};
    is_refused(EFI_LOAD_ERROR, "ELF");
}

/* ---- extra mappings ------------------------------------------------------------------------ */

static void want_mapping(struct pagelift_mapping mapping)
{
    wanted.options.mapping = next_mapping;
    wanted.options.mapping_context = &wanted;
    wanted.mapping[wanted.mapping_count++] = mapping;
}

static void mappings_that_are_sound(void **state)
{
    (void)state;
    start();
    want_mapping((struct pagelift_mapping){FREE_VIRT, 0xfed00000, 0x1000, PAGELIFT_WRITE,
                                           PAGELIFT_UNCACHEABLE, false});
    want_mapping((struct pagelift_mapping){FREE_VIRT + 0x200000, 0xe0000000, 0x400000, 0,
                                           PAGELIFT_WRITE_COMBINING, false});
    want_mapping((struct pagelift_mapping){FREE_VIRT + 0x1000, 0xd0000000, 0x1000, PAGELIFT_EXECUTE,
                                           PAGELIFT_WRITE_BACK, false});
    /* The same frames again, to be read. */
    want_mapping((struct pagelift_mapping){UINT64_C(0xfffffffffffff000), 0xd0000000, 0x1000, 0,
                                           PAGELIFT_WRITE_BACK, true});
    runs();
    assert_int_equal(wanted.place.levels, 4);
    assert_int_equal(wanted.place.base_revision, 3);
    assert_int_equal(wanted.place.hhdm, LDR_HHDM_4_LEVELS);
    assert_int_equal(wanted.place.image_virt, LDR_IMAGE_LOWEST);
}

static void mappings_that_are_not(void **state)
{
    static const struct {
        struct pagelift_mapping mapping;
        const char *reason;
    } bad[] = {
        {{.virt = FREE_VIRT, .phys = 0x1000}, "empty or not whole pages"},
        {{.virt = FREE_VIRT + 1, .phys = 0x1000, .bytes = 0x1000}, "empty or not whole pages"},
        {{.virt = FREE_VIRT, .phys = 0x1001, .bytes = 0x1000}, "empty or not whole pages"},
        {{.virt = FREE_VIRT, .phys = 0x1000, .bytes = 0x1001}, "empty or not whole pages"},
        {{.virt = 0xfffffffffffff000, .phys = 0x1000, .bytes = 0x2000}, "wraps"},
        {{.virt = FREE_VIRT, .phys = 0xffffffffff000, .bytes = 0x1000}, "no such physical"},
        {{.virt = FREE_VIRT, .phys = 0xfffffffff000, .bytes = 0x2000}, "no such physical"},
        {{.virt = FREE_VIRT, .phys = 0, .bytes = UINT64_MAX - 0xfff}, "wraps"},
        {{.virt = 0x400000, .phys = 0x1000, .bytes = 0x1000}, "not in the upper half"},
        {{.virt = 0x800000000000, .phys = 0x1000, .bytes = 0x1000}, "not in the upper half"},
        {{.virt = FREE_VIRT, .phys = 0x1000, .bytes = 0x1000, .rights = 6}, "both writable and"},
        {{.virt = FREE_VIRT, .phys = 0x1000, .bytes = 0x1000, .rights = 8}, "rights 8"},
        {{.virt = FREE_VIRT, .phys = 0x1000, .bytes = 0x1000, .memory = 2}, "memory 2"},
        {{.virt = LDR_HHDM_4_LEVELS, .phys = 0x1000, .bytes = 0x1000}, "meets the direct map"},
        {{.virt = LDR_IMAGE_LOWEST + 0x1000, .phys = 0x1000, .bytes = 0x1000}, "meets the kernel"},
        {{.virt = LDR_IMAGE_LOWEST - 0x1000, .phys = 0x1000, .bytes = 0x3000}, "meets the kernel"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        start();
        want_mapping(bad[i].mapping);
        is_refused(EFI_INVALID_PARAMETER, bad[i].reason);
        assert_non_null(strstr(wanted.reason, "extra mapping 0"));
    }
}

static void mappings_that_meet_each_other(void **state)
{
    struct pagelift_mapping first = {.virt = FREE_VIRT, .phys = 0xd0000000, .bytes = 0x2000};
    struct pagelift_mapping second = {
        .virt = FREE_VIRT + 0x1000, .phys = 0xe0000000, .bytes = 0x2000};

    (void)state;
    start();
    want_mapping(first);
    want_mapping(second);
    is_refused(EFI_INVALID_PARAMETER, "extra mapping 1");
    assert_non_null(strstr(wanted.reason, "meets another extra mapping"));
    start();
    want_mapping(second);
    want_mapping(first);
    is_refused(EFI_INVALID_PARAMETER, "meets another extra mapping");
}

/* W^X is by frame: what one executes none may write, whoever comes first. */
static void mappings_that_share_frames(void **state)
{
    struct pagelift_mapping code = {
        .virt = FREE_VIRT, .phys = 0xd0000000, .bytes = 0x2000, .rights = PAGELIFT_EXECUTE};
    struct pagelift_mapping data = {
        .virt = FREE_VIRT + 0x10000, .phys = 0xd0001000, .bytes = 0x2000, .rights = PAGELIFT_WRITE};

    (void)state;
    start();
    want_mapping(code);
    want_mapping(data);
    is_refused(EFI_INVALID_PARAMETER, "makes memory writable that is executed elsewhere");
    start();
    want_mapping(data);
    want_mapping(code);
    is_refused(EFI_INVALID_PARAMETER, "makes memory executable that is writable elsewhere");
}

static void too_many_mappings(void **state)
{
    (void)state;
    for (size_t count = PAGELIFT_MAPPINGS; count <= PAGELIFT_MAPPINGS + 1; count++) {
        start();
        for (size_t i = 0; i < count; i++)
            want_mapping((struct pagelift_mapping){
                .virt = FREE_VIRT + i * 0x2000, .phys = 0xd0000000 + i * 0x1000, .bytes = 0x1000});
        if (count == PAGELIFT_MAPPINGS)
            runs();
        else
            is_refused(EFI_INVALID_PARAMETER, "there may be 16 at most");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_the_boot_volume),
        cmocka_unit_test(left_before_any_step),
        cmocka_unit_test(options_that_are_missing),
        cmocka_unit_test(an_older_caller),
        cmocka_unit_test(a_console_of_its_own),
        cmocka_unit_test(the_reason_is_a_line_too),
        cmocka_unit_test(a_source_that_refuses),
        cmocka_unit_test(a_source_that_gives_nonsense),
        cmocka_unit_test(mappings_that_are_sound),
        cmocka_unit_test(mappings_that_are_not),
        cmocka_unit_test(mappings_that_meet_each_other),
        cmocka_unit_test(mappings_that_share_frames),
        cmocka_unit_test(too_many_mappings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
