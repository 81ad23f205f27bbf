/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first framebuffer of the loader's response.
 */
#include "loader/stub/screen.h"

#include "loader/stub/requests.h"

bool screen_open(struct canvas *ret_canvas)
{
    const struct limine_framebuffer_response *response = request_answer(&requests.framebuffer);
    const uint64_t *list;

    if (response == 0 || response->framebuffer_count == 0)
        return false;
    list = request_pointer(response->framebuffers);
    return canvas_open(ret_canvas, request_pointer(list[0]));
}
