#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa.h"
#include "lookup.h"

// Products of vectors with a layer whose entries are too many for tables: each is fetched as it is used.

/// The codebooks of a layer: `[codebooks, entries, size]`, of which one is set.
typedef struct {
    const float *floats;
    /// IEEE halves: half the memory, which counts where a codebook fills a cache.
    const uint16_t *halves;
} octavo_entries;

/// out[o] = scales[o] · Σ_g Σ_m Σ_i books[m, codes[o, g, m], i] · x[g · size + i] for `count` outputs from
/// `first` on. `codes` is `[outputs, groups, codebooks]` without alignment; bits of a code that no entry
/// has are not looked at (`entries` is a power of two).
///
/// A sum's order depends on the instruction set and the shape alone.
void octavo_gathered_product(octavo_isa isa, const octavo_lookup_shape *s, size_t groups, const uint16_t *codes,
                             octavo_entries books, const float *scales, const float *x, size_t first,
                             size_t count, float *out);

/// Forms weights: out[(o - first) · stride + i] for `count` outputs from `first` on and all inputs.
void octavo_gathered_decode(octavo_isa isa, const octavo_lookup_shape *s, size_t groups, const uint16_t *codes,
                            octavo_entries books, const float *scales, size_t first, size_t count, float *out,
                            size_t stride);
