#include <math.h>
#include <string.h>

#include "quantize.h"

/// A partial sum: one entry of each codebook so far.
typedef struct hypothesis {
    float value;
    uint16_t codes[OCTAVO_CODEBOOKS_MAX];
} hypothesis;

static const float *pull(const octavo_search *s, size_t m, size_t k) { return s->pulls + (m * s->entries + k) * s->size; }

static void scores(octavo_isa isa, const octavo_search *s, size_t m, const float *slope, float base, float *table) {
    octavo_entry_scores(isa, s->entries, s->size, s->books + m * s->size * s->entries, s->norms + m * s->entries, slope,
                        base, table);
}

static void add(size_t size, float factor, const float *a, float *out) {
    for (size_t i = 0; i < size; i++) out[i] += factor * a[i];
}

/// Scores codes that are given.
static float value_of(const octavo_search *s, const float *slope, const uint16_t *codes, float *rest) {
    float value = 0;
    memcpy(rest, slope, s->size * sizeof(float));
    for (size_t m = 0; m < s->codebooks; m++) {
        const float *book = s->books + m * s->size * s->entries + codes[m];
        value += s->norms[m * s->entries + codes[m]];
        for (size_t i = 0; i < s->size; i++) value += rest[i] * book[i * s->entries];
        add(s->size, 1, pull(s, m, codes[m]), rest);
    }
    return value;
}

/// Goes from codebook to codebook with the `beam` best sums so far; returns how many full ones there are of
/// the `limit` best, in ascending order.
///
/// For two codebooks and a beam as wide as a codebook this tries all pairs.
static size_t beam_search(octavo_isa isa, const octavo_search *s, const float *slope, size_t limit, hypothesis *current,
                          float *table, float *slopes, float *next_slopes) {
    hypothesis next[OCTAVO_BEAM_MAX];
    octavo_choice list[OCTAVO_BEAM_MAX];
    size_t width = 1;
    memset(&current[0], 0, sizeof(hypothesis));
    memcpy(slopes, slope, s->size * sizeof(float));
    for (size_t m = 0; m < s->codebooks; m++) {
        bool last = m + 1 == s->codebooks;
        size_t most = last ? limit : s->beam, length = 0;
        for (size_t b = 0; b < width; b++) {
            scores(isa, s, m, slopes + b * s->size, current[b].value, table);
            if (most == 1) {
                size_t k = octavo_smallest(isa, s->entries, table);
                if (length == 0 || table[k] < list[0].value)
                    list[0] = (octavo_choice){table[k], (uint32_t)b, (uint32_t)k};
                length = 1;
            } else {
                length = octavo_keep_smallest(isa, s->entries, table, INFINITY, (uint32_t)b, most, length, list);
            }
        }
        // Scores that are all infinite or NaN leave the list empty: go on with the first entry.
        if (length == 0) list[length++] = (octavo_choice){INFINITY, 0, 0};
        for (size_t b = 0; b < length; b++) {
            next[b] = current[list[b].parent];
            next[b].value = list[b].value;
            next[b].codes[m] = (uint16_t)list[b].entry;
            if (last) continue;
            memcpy(next_slopes + b * s->size, slopes + list[b].parent * s->size, s->size * sizeof(float));
            add(s->size, 1, pull(s, m, list[b].entry), next_slopes + b * s->size);
        }
        memcpy(current, next, length * sizeof(hypothesis));
        float *swap = slopes;
        slopes = next_slopes;
        next_slopes = swap;
        width = length;
    }
    return width;
}

/// Chooses each code anew with the others held, until nothing changes or the rounds are over.
static void polish(octavo_isa isa, const octavo_search *s, const float *slope, hypothesis *h, float *table,
                   float *total) {
    memcpy(total, slope, s->size * sizeof(float));
    for (size_t m = 0; m < s->codebooks; m++) add(s->size, 1, pull(s, m, h->codes[m]), total);
    for (size_t round = 0; round < s->polish; round++) {
        bool changed = false;
        for (size_t m = 0; m < s->codebooks; m++) {
            size_t old = h->codes[m];
            add(s->size, -1, pull(s, m, old), total);
            scores(isa, s, m, total, 0, table);
            size_t k = octavo_smallest(isa, s->entries, table);
            if (table[k] < table[old]) {
                h->value += table[k] - table[old];
                h->codes[m] = (uint16_t)k;
                changed = true;
            }
            add(s->size, 1, pull(s, m, h->codes[m]), total);
        }
        if (!changed) return;
    }
}

size_t octavo_search_scratch(size_t entries, size_t beam, size_t size) { return entries + (2 * beam + 1) * size; }

void octavo_search_codes(octavo_isa isa, const octavo_search *s, size_t rows, const float *slopes, bool keep,
                         uint16_t *codes, size_t stride, float *values, float *scratch) {
    float *table = scratch, *one = table + s->entries, *many = one + s->size, *next = many + s->beam * s->size;
    hypothesis list[OCTAVO_BEAM_MAX];
    for (size_t row = 0; row < rows; row++) {
        const float *slope = slopes + row * s->size;
        uint16_t *out = codes + row * stride;
        beam_search(isa, s, slope, 1, list, table, many, next);
        hypothesis best = list[0];
        if (keep) {
            float value = value_of(s, slope, out, one);
            if (value <= best.value) {
                best.value = value;
                memcpy(best.codes, out, s->codebooks * sizeof(uint16_t));
            }
        }
        if (s->codebooks > 1) polish(isa, s, slope, &best, table, one);
        memcpy(out, best.codes, s->codebooks * sizeof(uint16_t));
        values[row] = best.value;
    }
}

void octavo_list_codes(octavo_isa isa, const octavo_search *s, size_t rows, const float *slopes, size_t limit,
                       uint16_t *codes, float *values, float *scratch) {
    float *table = scratch, *many = table + s->entries, *next = many + s->beam * s->size;
    hypothesis list[OCTAVO_BEAM_MAX];
    for (size_t row = 0; row < rows; row++, values += limit) {
        size_t length = beam_search(isa, s, slopes + row * s->size, limit, list, table, many, next);
        for (size_t i = 0; i < limit; i++, codes += s->codebooks) {
            values[i] = i < length ? list[i].value : INFINITY;
            memcpy(codes, list[i < length ? i : 0].codes, s->codebooks * sizeof(uint16_t));
        }
    }
}
