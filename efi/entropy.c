/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi/entropy.h"

#include <string.h>

#include "efi/ports.h"

/* UEFI 2.10, section 37.5; gnu-efi 3.0.15 has neither of them. */
#define RNG_PROTOCOL_GUID                                                                          \
    {                                                                                              \
        0x3152bca5, 0xeade, 0x433d,                                                                \
        {                                                                                          \
            0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44                                         \
        }                                                                                          \
    }

struct rng_protocol {
    void *get_info; /* names its algorithms; the default one will do */
    EFI_STATUS(EFIAPI *get_rng)
    (struct rng_protocol *, EFI_GUID *algorithm, UINTN bytes, UINT8 *value);
};

#define CPUID_1_ECX_RDRAND (1u << 30)
#define CPUID_7_EBX_RDSEED (1u << 18)

static bool do_rdrand(uint64_t *ret_word)
{
    bool carry;

    __asm__ volatile("rdrand %0" : "=r"(*ret_word), "=@ccc"(carry));
    return carry;
}

static bool do_rdseed(uint64_t *ret_word)
{
    bool carry;

    __asm__ volatile("rdseed %0" : "=r"(*ret_word), "=@ccc"(carry));
    return carry;
}

void entropy_open(struct entropy *ret_entropy, EFI_BOOT_SERVICES *services)
{
    struct entropy entropy = {.services = services};

    if (cpuid_read(1, 0).ecx & CPUID_1_ECX_RDRAND)
        entropy.rdrand = do_rdrand;
    if (cpuid_read(0, 0).eax >= 7 && (cpuid_read(7, 0).ebx & CPUID_7_EBX_RDSEED))
        entropy.rdseed = do_rdseed;
    *ret_entropy = entropy;
}

/* Intel's guide to its generator (section 5.2): ten tries of RDRAND, beyond which it
 * is broken; RDSEED may run dry, so it gets more tries, each after a pause. */
#define RDRAND_TRIES 10
#define RDSEED_TRIES 100

/* One word.  Processors are known whose unit fails by giving the same word for ever, all
 * ones or zero, and calls that success (AMD's families 15h to 17h after a sleep).  So
 * these don't count, nor does a word that repeats the one before: nothing is lost, as a
 * unit that works gives one of them once in 10^19 draws. */
static bool draw(random_instruction *instruction, unsigned tries, uint64_t before,
                 uint64_t *ret_word)
{
    for (; instruction && tries > 0; tries--) {
        uint64_t word;

        if (instruction(&word) && word != 0 && word != UINT64_MAX && word != before) {
            *ret_word = word;
            return true;
        }
        __asm__ volatile("pause");
    }
    return false;
}

/* The last word may be needed in part only.  What one instruction has once failed to give isn't
 * asked of it again: a hundred tries for each word would take long. */
static bool mix_processor(struct entropy *entropy, uint8_t *bytes, size_t count)
{
    random_instruction *rdseed = entropy->rdseed;
    uint64_t word = 0;

    for (size_t at = 0; at < count; at += sizeof word) {
        if (!draw(rdseed, RDSEED_TRIES, word, &word)) {
            rdseed = NULL;
            if (!draw(entropy->rdrand, RDRAND_TRIES, word, &word))
                return false;
        }
        for (size_t i = 0; i < sizeof word && at + i < count; i++)
            bytes[at + i] ^= (uint8_t)(word >> 8 * i);
    }
    return true;
}

/* Firmware fills a buffer of its own, which is mixed in and wiped, piece by piece. */
static bool mix_firmware(const struct entropy *entropy, uint8_t *bytes, size_t count)
{
    EFI_GUID guid = RNG_PROTOCOL_GUID;
    uint8_t piece[64];
    void *found;
    bool all = false;

    if (entropy->services->LocateProtocol(&guid, NULL, &found) != EFI_SUCCESS)
        return false;
    for (size_t at = 0; at < count; at += sizeof piece) {
        struct rng_protocol *rng = found;

        all = rng->get_rng(rng, NULL, sizeof piece, piece) == EFI_SUCCESS;
        for (size_t i = 0; all && i < sizeof piece && at + i < count; i++)
            bytes[at + i] ^= piece[i];
        if (!all)
            break;
    }
    memset(piece, 0, sizeof piece);
    /* Or the compiler would leave the wiping out. */
    __asm__ volatile("" : : "r"(piece) : "memory");
    return all;
}

/* A source that fails half-way has only mixed in what it had, which harms nothing. */
static bool fill(void *context, void *bytes, size_t count)
{
    struct entropy *entropy = context;
    bool firmware, processor;

    memset(bytes, 0, count);
    firmware = mix_firmware(entropy, bytes, count);
    processor = mix_processor(entropy, bytes, count);
    return firmware || processor;
}

struct ldr_entropy entropy_source(struct entropy *entropy)
{
    return (struct ldr_entropy){.fill = fill, .context = entropy};
}
