#pragma once

#include <stdbool.h>
#include <stddef.h>

// Products of matrices whose elements are rounded to bfloat16 as they are read, with sums in float: twice as
// fast as float's own where the processor multiplies pairs of bfloat16.

/// Whether this processor, and the system on it, runs the vector kernel (AVX512_BF16).
bool octavo_has_bfloat_products(void);

/// c = alpha · op(a) · op(b) + beta · c, where op(x) is x or its transpose, rows `stride` elements apart.
typedef struct {
    /// At least 1 each.
    size_t rows, columns, depth;
    /// `[rows, depth]`, or `[depth, rows]` when transposed.
    const float *a;
    size_t stride_a;
    bool transposed_a;
    /// `[depth, columns]`, or `[columns, depth]` when transposed.
    const float *b;
    size_t stride_b;
    bool transposed_b;
    /// `[rows, columns]`; not read where beta is 0.
    float *c;
    size_t stride_c;
    float alpha, beta;
    /// Whether only elements (r, c) with c ≤ r + diagonal are needed; the others are left as they are.
    bool lower;
    size_t diagonal;
} octavo_bfloat_product;

/// The bytes of scratch memory that a product needs, aligned to 64.
size_t octavo_bfloat_scratch(void);

/// Computes a product on the calling thread, where `octavo_has_bfloat_products`.
///
/// Elements are rounded to the nearest bfloat16, ties to even; what is no number stays none, and denormal
/// ones count as zero. An element of c is summed in an order that depends on `depth` alone: a product cut
/// into parts by rows and columns has the same bits.
void octavo_bfloat_multiply(const octavo_bfloat_product *p, void *scratch);

/// The same without vectors and without scratch memory, for tests: rounds alike (but keeps denormal numbers)
/// and adds pairs in order of depth, with other roundings within a pair.
void octavo_bfloat_multiply_scalar(const octavo_bfloat_product *p);
