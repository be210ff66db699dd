#include "inference.h"
#include "variants.h"

OCTAVO_BODY uint64_t octavo_read_body(const uint64_t *words, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += words[i];
    return sum;
}

OCTAVO_VARIANTS(uint64_t, octavo_read, (const uint64_t *words, size_t count), (words, count))
