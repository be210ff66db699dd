#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa.h"

// The loops of a transformer's forward pass. All matrices are float, row by row; nothing is
// allocated, nothing may overlap unless said, and no alignment beyond that of float is needed.

/// out[i] = exp(x[i]), within 2 units in the last place; x below -87 counts as -87, above 88 as 88.
/// `out` may be `x`.
void octavo_exp(octavo_isa isa, const float *x, float *out, size_t count);

/// out[i] = x[i] / sqrt(mean(x²) + epsilon) · weight[i], over one row. `out` may be `x`.
void octavo_rms_norm(octavo_isa isa, const float *x, const float *weight, float *out, size_t count,
                     float epsilon);

/// Subtracts from a row its mean.
void octavo_center(octavo_isa isa, float *x, size_t count);

/// gate[i] = g / (1 + exp(-(linear · g + cubic · g³))) · up[i] with g = gate[i].
void octavo_gate_product(octavo_isa isa, float *gate, const float *up, size_t count, float linear,
                         float cubic);

/// x[i] = cap · tanh(x[i] / cap).
void octavo_cap(octavo_isa isa, float *x, size_t count, float cap);

/// y[i] += x[i].
void octavo_add(octavo_isa isa, float *y, const float *x, size_t count);

/// Rotates the first `2 · pairs` of the `width` numbers of each of `heads` heads: element i of their
/// first half pairs with element i of their second. `cosines` and `sines` have `pairs` elements.
void octavo_rotate_halves(octavo_isa isa, float *x, const float *cosines, const float *sines,
                          size_t heads, size_t width, size_t pairs);

/// The same where element 2i pairs with element 2i + 1.
void octavo_rotate_neighbours(octavo_isa isa, float *x, const float *cosines, const float *sines,
                              size_t heads, size_t width, size_t pairs);

/// Σ exp(x[i] - shift), formed in double over short stretches of float.
double octavo_exp_sum(octavo_isa isa, const float *x, size_t count, float shift);

/// Σ exp(x[i] - shift) · (x[i] - y[i]), likewise.
double octavo_exp_difference(octavo_isa isa, const float *x, const float *y, size_t count,
                             float shift);

/// The largest element of at least one.
float octavo_largest(octavo_isa isa, const float *x, size_t count);

/// The sum of words, for the sake of reading them.
uint64_t octavo_read(octavo_isa isa, const uint64_t *words, size_t count);
