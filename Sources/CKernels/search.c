#include <math.h>
#include <string.h>

#include "quantize.h"

/// A partial sum: one entry of each codebook so far.
typedef struct hypothesis {
    float value;
    uint16_t codes[OCTAVO_CODEBOOKS_MAX];
} hypothesis;

static const float *pull(const octavo_search *s, size_t m, size_t k) { return s->pulls + (m * s->entries + k) * s->size; }

static const float *vector(const octavo_search *s, size_t m, size_t k) {
    return s->vectors + (m * s->entries + k) * s->size;
}

static void add(size_t size, float factor, const float *a, float *out) {
    for (size_t i = 0; i < size; i++) out[i] += factor * a[i];
}

/// The score of one entry.
static float score(const octavo_search *s, size_t m, size_t k, const float *slope) {
    const float *entry = vector(s, m, k);
    float sum = s->norms[m * s->entries + k];
    for (size_t i = 0; i < s->size; i++) sum += slope[i] * entry[i];
    return sum;
}

/// The cells of a codebook whose entries were scored, one after the other in a table.
typedef struct probe {
    size_t count;
    uint32_t cells[OCTAVO_PROBES_MAX];
} probe;

/// Scores the entries of a codebook, or of its cells that come nearest; returns how many.
static size_t scores(octavo_isa isa, const octavo_search *s, size_t m, const float *slope, float base, probe *probe,
                     float *table) {
    const float *book = s->books + m * s->size * s->entries, *norms = s->norms + m * s->entries;
    if (s->cells == 0) {
        octavo_entry_scores(isa, s->entries, s->size, book, norms, slope, base, table);
        return s->entries;
    }
    const uint32_t *starts = s->starts + m * (s->cells + 1);
    uint32_t list[OCTAVO_SHORTLIST_MAX];
    octavo_entry_scores(isa, s->cells, s->size, s->centers + m * s->size * s->cells, s->center_norms + m * s->cells,
                        slope, 0, table);
    size_t nearest = octavo_shortlist(isa, s->cells, table, s->probes, list), length = 0;
    probe->count = nearest < OCTAVO_PROBES_MAX ? nearest : OCTAVO_PROBES_MAX;
    for (size_t i = 0; i < probe->count; i++) {
        size_t start = starts[list[i]], count = starts[list[i] + 1] - start;
        probe->cells[i] = list[i];
        octavo_entry_scores(isa, count, s->size, book + start * s->size, norms + start, slope, base, table + length);
        length += count;
    }
    return length;
}

/// The entry at a place of the table that `scores` wrote.
static size_t entry_at(const octavo_search *s, size_t m, const probe *probe, size_t place) {
    if (s->cells == 0) return place;
    const uint32_t *starts = s->starts + m * (s->cells + 1);
    for (size_t i = 0; i < probe->count; i++) {
        size_t start = starts[probe->cells[i]], count = starts[probe->cells[i] + 1] - start;
        if (place < count) return start + place;
        place -= count;
    }
    return 0;
}

/// Scores codes that are given.
static float value_of(const octavo_search *s, const float *slope, const uint16_t *codes, float *rest) {
    float value = 0;
    memcpy(rest, slope, s->size * sizeof(float));
    for (size_t m = 0; m < s->codebooks; m++) {
        value += score(s, m, codes[m], rest);
        if (m + 1 < s->codebooks) add(s->size, 1, pull(s, m, codes[m]), rest);
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
    probe probes[OCTAVO_BEAM_MAX];
    size_t width = 1;
    memset(&current[0], 0, sizeof(hypothesis));
    memcpy(slopes, slope, s->size * sizeof(float));
    for (size_t m = 0; m < s->codebooks; m++) {
        bool last = m + 1 == s->codebooks;
        size_t most = last ? limit : s->beam, length = 0;
        for (size_t b = 0; b < width; b++) {
            size_t count = scores(isa, s, m, slopes + b * s->size, current[b].value, &probes[b], table);
            if (count == 0) continue;
            if (most == 1) {
                size_t k = octavo_smallest(isa, count, table);
                if (length == 0 || table[k] < list[0].value)
                    list[0] = (octavo_choice){table[k], (uint32_t)b, (uint32_t)k};
                length = 1;
            } else {
                length = octavo_keep_smallest(isa, count, table, INFINITY, (uint32_t)b, most, length, list);
            }
        }
        // Scores that are all infinite or NaN leave the list empty: go on with the first entry.
        if (length == 0) list[length++] = (octavo_choice){INFINITY, 0, 0};
        for (size_t b = 0; b < length; b++) {
            size_t parent = list[b].parent, entry = entry_at(s, m, &probes[parent], list[b].entry);
            next[b] = current[parent];
            next[b].value = list[b].value;
            next[b].codes[m] = (uint16_t)entry;
            if (last) continue;
            memcpy(next_slopes + b * s->size, slopes + parent * s->size, s->size * sizeof(float));
            add(s->size, 1, pull(s, m, entry), next_slopes + b * s->size);
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
    probe probe;
    memcpy(total, slope, s->size * sizeof(float));
    for (size_t m = 0; m < s->codebooks; m++) add(s->size, 1, pull(s, m, h->codes[m]), total);
    for (size_t round = 0; round < s->polish; round++) {
        bool changed = false;
        for (size_t m = 0; m < s->codebooks; m++) {
            add(s->size, -1, pull(s, m, h->codes[m]), total);
            size_t count = scores(isa, s, m, total, 0, &probe, table);
            size_t place = octavo_smallest(isa, count, table);
            float old = s->cells ? score(s, m, h->codes[m], total) : table[h->codes[m]];
            if (table[place] < old) {
                h->value += table[place] - old;
                h->codes[m] = (uint16_t)entry_at(s, m, &probe, place);
                changed = true;
            }
            add(s->size, 1, pull(s, m, h->codes[m]), total);
        }
        if (!changed) return;
    }
}

size_t octavo_search_scratch(size_t entries, size_t beam, size_t size) { return entries + (2 * beam + 1) * size; }

/// The parts of the scratch.
typedef struct space {
    float *table, *one, *many, *next;
} space;

static space parts(const octavo_search *s, float *scratch) {
    float *one = scratch + s->entries, *many = one + s->size;
    return (space){scratch, one, many, many + s->beam * s->size};
}

void octavo_search_codes(octavo_isa isa, const octavo_search *s, size_t rows, const float *slopes, bool keep,
                         uint16_t *codes, size_t stride, float *values, float *scratch) {
    space space = parts(s, scratch);
    hypothesis list[OCTAVO_BEAM_MAX];
    for (size_t row = 0; row < rows; row++) {
        const float *slope = slopes + row * s->size;
        uint16_t *out = codes + row * stride;
        beam_search(isa, s, slope, 1, list, space.table, space.many, space.next);
        hypothesis best = list[0];
        if (keep) {
            float value = value_of(s, slope, out, space.one);
            if (value <= best.value) {
                best.value = value;
                memcpy(best.codes, out, s->codebooks * sizeof(uint16_t));
            }
        }
        if (s->codebooks > 1) polish(isa, s, slope, &best, space.table, space.one);
        memcpy(out, best.codes, s->codebooks * sizeof(uint16_t));
        values[row] = best.value;
    }
}

void octavo_list_codes(octavo_isa isa, const octavo_search *s, size_t rows, const float *slopes, size_t limit,
                       uint16_t *codes, float *values, float *scratch) {
    space space = parts(s, scratch);
    hypothesis list[OCTAVO_BEAM_MAX];
    for (size_t row = 0; row < rows; row++, values += limit) {
        size_t length = beam_search(isa, s, slopes + row * s->size, limit, list, space.table, space.many, space.next);
        for (size_t i = 0; i < limit; i++, codes += s->codebooks) {
            values[i] = i < length ? list[i].value : INFINITY;
            memcpy(codes, list[i < length ? i : 0].codes, s->codebooks * sizeof(uint16_t));
        }
    }
}
