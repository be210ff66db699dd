#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa.h"

// The loops of a transformer's backward pass, and of attention over whole sequences, whose products
// are left to BLAS. As in inference.h: float, row by row, nothing allocated, nothing overlaps unless
// said. A gradient is the derivative of the loss by what it is named after.

/// The adjoint of octavo_rms_norm over `rows` rows from `first` on, row r with the weights of row
/// `r % weights` of `weight`: adds to `dx` and to `dweight` what the gradient `dy` of the norm's
/// result makes of them.
void octavo_rms_norm_backward(octavo_isa isa, const float *x, const float *weight, size_t weights,
                              const float *dy, float *dx, float *dweight, size_t first, size_t rows,
                              size_t columns, float epsilon);

/// The adjoint of octavo_gate_product: replaces `gate` (before it is gated) and `up` by their
/// gradients, given that of the result.
void octavo_gate_product_backward(octavo_isa isa, float *gate, float *up, const float *dy, size_t count,
                                  float linear, float cubic);

/// The adjoint of octavo_cap, given its result: replaces the gradient of the result by that of what
/// was capped.
void octavo_cap_backward(octavo_isa isa, const float *capped, float *dy, size_t count, float cap);

/// Turns each of `rows` rows of scores, `stride` apart, into probabilities: row r is the softmax of
/// the last `window` of its first `visible + r` elements, both at least one, and the rest of its
/// `columns` become zero.
void octavo_causal_softmax(octavo_isa isa, float *scores, size_t rows, size_t columns, size_t stride,
                           size_t visible, size_t window);

/// The adjoint: replaces `gradients`, those of the probabilities, by `scale` times those of the scores.
void octavo_causal_softmax_backward(octavo_isa isa, const float *probabilities, float *gradients,
                                    size_t rows, size_t columns, size_t stride, size_t visible,
                                    float scale);

/// out[i] = keep · out[i] + factor · exp(x[i] - shift). `x` may be `out`.
void octavo_add_exponentials(octavo_isa isa, const float *x, float *out, size_t count, float shift,
                             float factor, float keep);

/// Rows of an additive layer: codes are [rows][groups][codebooks], codebooks are
/// [codebooks][entries][size]; a row of weights is its scale times the sums of its entries.
typedef struct octavo_additive {
    size_t groups;
    size_t codebooks;
    size_t entries;
    /// The length of an entry.
    size_t size;
} octavo_additive;

/// Writes the weights of `rows` rows from `first` on, [rows][groups · size].
void octavo_decode_rows(octavo_isa isa, const octavo_additive *shape, size_t first, size_t rows,
                        const uint16_t *codes, const float *books, const float *scales, float *out);

/// The adjoint: given the gradient of all weights, adds what these rows make of it to that of the
/// codebooks, and writes that of the scales of these rows.
void octavo_decode_rows_backward(octavo_isa isa, const octavo_additive *shape, size_t first, size_t rows,
                                 const uint16_t *codes, const float *books, const float *scales,
                                 const float *gradient, float *dbooks, float *dscales);
