#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa.h"

// Weights kept in their 16 bits, widened as they are used.

/// What 16 bits stand for.
typedef enum {
    /// IEEE binary16.
    OCTAVO_HALF_IEEE,
    /// The upper half of a float.
    OCTAVO_HALF_BRAIN,
} octavo_half_kind;

/// out[r · out_stride + o] = Σ_i x[r · columns + i] · weights[o · columns + i] for `rows` rows of `x` and
/// outputs from `first` on, `count` of them. `weights` needs no alignment.
///
/// A sum's order depends on the instruction set and `columns` alone.
void octavo_half_products(octavo_isa isa, octavo_half_kind kind, const uint16_t *weights, size_t columns,
                          size_t first, size_t count, const float *x, size_t rows, float *out,
                          size_t out_stride);

/// out[i] = weights[i], exactly.
void octavo_widen(octavo_isa isa, octavo_half_kind kind, const uint16_t *weights, size_t count, float *out);
