#pragma once

#include <stddef.h>

#include "isa.h"

// The loops of PV-Tuning over every weight of a layer: Adam without momentum on the weights that codes
// should come near to, and how far codes are from them. Float, nothing allocated, nothing overlaps.

/// Updates the running mean of a gradient's squares, square = decay · square + (1 - decay) · gradient²,
/// and returns the sum of squares of gradient / (sqrt(square) · correction + floor).
double octavo_square_moments(octavo_isa isa, const float *gradient, float *square, size_t count, float decay,
                             float correction, float floor);

/// values -= rate · gradient / (sqrt(square) · correction + floor)
void octavo_descend(octavo_isa isa, const float *gradient, const float *square, float *values, size_t count,
                    float rate, float correction, float floor);

/// Writes the squared distance of each of `count` groups of `size` elements of `a` to that of `b`.
void octavo_group_distances(octavo_isa isa, const float *a, const float *b, float *out, size_t count,
                            size_t size);
