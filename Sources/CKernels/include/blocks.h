#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa.h"

// GGUF's blocks of 256 numbers with scales of scales (formats/gguf.md, W4). Numbers are finite and of
// magnitudes that a half holds. All instruction sets give the same bytes: sums are formed in sixteen lanes
// and added in one order, and nothing is fused.

/// Writes `blocks` blocks of Q4_K, 144 bytes each.
void octavo_encode_q4_k(octavo_isa isa, const float *values, uint8_t *out, size_t blocks);

/// Writes `blocks` blocks of Q6_K, 210 bytes each.
void octavo_encode_q6_k(octavo_isa isa, const float *values, uint8_t *out, size_t blocks);
