#include "lookup.h"

// Outputs go through in tiles: their sums of a run and their totals stay in the first cache, beside the
// tables of a run.
enum { TILE = 2048 };

// Adds to `totals` the numbers of one run: `positions` of them, four at most.
typedef void sum_run(const uint8_t *tables, size_t positions, const uint8_t *codes, size_t stride, size_t count,
                     float unit, float *totals);

OCTAVO_BODY void sum_words(const uint8_t *tables, size_t positions, const uint8_t *codes, size_t stride, size_t from,
                           size_t count, float unit, float *totals) {
    const int16_t *table = (const int16_t *)(const void *)tables;
    size_t o = from;
    for (; positions == 4 && o < count; o++) {
        const uint8_t *c = codes + o;
        int sum = table[c[0]] + table[256 + c[stride]] + table[512 + c[2 * stride]] + table[768 + c[3 * stride]];
        totals[o] += unit * (float)sum;
    }
    for (; o < count; o++) {
        int sum = 0;
        for (size_t p = 0; p < positions; p++) sum += table[p * ENTRIES + codes[p * stride + o]];
        totals[o] += unit * (float)sum;
    }
}

static void sum_scalar(const uint8_t *tables, size_t positions, const uint8_t *codes, size_t stride, size_t count,
                       float unit, float *totals) {
    sum_words(tables, positions, codes, stride, 0, count, unit, totals);
}

#if defined(__x86_64__)
LOOKUP_AVX2 static void sum_avx2(const uint8_t *tables, size_t positions, const uint8_t *codes, size_t stride,
                                 size_t count, float unit, float *totals) {
    sum_words(tables, positions, codes, stride, 0, count, unit, totals);
}

// 32 codes in words of 16 bits, looked up in eight vectors of 32 entries.
LOOKUP_AVX512 static inline __attribute__((always_inline)) __m512i look_up_words(const int16_t *table, __m256i codes) {
    __m512i index = _mm512_cvtepu8_epi16(codes);
    __m512i part[4];
    for (int k = 0; k < 4; k++)
        part[k] = _mm512_permutex2var_epi16(_mm512_loadu_si512(table + 64 * k), index,
                                            _mm512_loadu_si512(table + 64 * k + 32));
    __mmask32 sixth = _mm512_movepi16_mask(_mm512_slli_epi16(index, 9));
    __mmask32 seventh = _mm512_movepi16_mask(_mm512_slli_epi16(index, 8));
    return _mm512_mask_blend_epi16(seventh, _mm512_mask_blend_epi16(sixth, part[0], part[1]),
                                   _mm512_mask_blend_epi16(sixth, part[2], part[3]));
}

LOOKUP_AVX512 static void sum_avx512(const uint8_t *tables, size_t positions, const uint8_t *codes, size_t stride,
                                     size_t count, float unit, float *totals) {
    int16_t sums[TILE];
    const int16_t *table = (const int16_t *)(const void *)tables;
    size_t whole = count & ~(size_t)31;
    for (size_t p = 0; p < positions; p++, table += ENTRIES, codes += stride)
        for (size_t o = 0; o < whole; o += 32) {
            __m512i found = look_up_words(table, _mm256_loadu_si256((const void *)(codes + o)));
            if (p) found = _mm512_add_epi16(found, _mm512_loadu_si512(sums + o));
            _mm512_storeu_si512(sums + o, found);
        }
    __m512 units = _mm512_set1_ps(unit);
    for (size_t o = 0; o < whole; o += 16) {
        __m512 sum = _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256((const void *)(sums + o))));
        _mm512_storeu_ps(totals + o, _mm512_fmadd_ps(units, sum, _mm512_loadu_ps(totals + o)));
    }
    sum_words(tables, positions, codes - positions * stride, stride, whole, count, unit, totals);
}

// A table of 256 numbers in registers: their low bytes and their high ones.
typedef struct {
    __m512i low[4], high[4];
} planes;

LOOKUP_VBMI static inline __attribute__((always_inline)) planes load_planes(const uint8_t *table) {
    planes t;
    for (int k = 0; k < 4; k++) {
        t.low[k] = _mm512_loadu_si512(table + 64 * k);
        t.high[k] = _mm512_loadu_si512(table + ENTRIES + 64 * k);
    }
    return t;
}

LOOKUP_VBMI static inline __attribute__((always_inline)) __m512i look_up_bytes(const __m512i table[4], __m512i codes,
                                                                               __mmask64 upper) {
    return _mm512_mask_blend_epi8(upper, _mm512_permutex2var_epi8(table[0], codes, table[1]),
                                  _mm512_permutex2var_epi8(table[2], codes, table[3]));
}

// Adds to the words of 64 outputs, in the order that interleaving bytes gives.
LOOKUP_VBMI static inline __attribute__((always_inline)) void add_found(const planes *t, __m512i codes,
                                                                        __m512i *front, __m512i *back) {
    __mmask64 upper = _mm512_movepi8_mask(codes);
    __m512i low = look_up_bytes(t->low, codes, upper), high = look_up_bytes(t->high, codes, upper);
    *front = _mm512_add_epi16(*front, _mm512_unpacklo_epi8(low, high));
    *back = _mm512_add_epi16(*back, _mm512_unpackhi_epi8(low, high));
}

LOOKUP_VBMI static inline __attribute__((always_inline)) void add_units(__m256i sums, __m512 units, float *totals) {
    __m512 sum = _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(sums));
    _mm512_storeu_ps(totals, _mm512_fmadd_ps(units, sum, _mm512_loadu_ps(totals)));
}

// Two positions of all outputs of a tile, the first pair of a run, one between, or the last.
LOOKUP_VBMI static inline __attribute__((always_inline)) void sum_pair(const uint8_t *tables, int pair,
                                                                       const uint8_t *codes, size_t stride,
                                                                       size_t whole, int first, int last,
                                                                       __m512i *sums, __m512 units, float *totals) {
    planes one = load_planes(tables), two = pair ? load_planes(tables + TABLE) : one;
    __m512i natural_front = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    __m512i natural_back = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    for (size_t o = 0; o < whole; o += 64, sums += 2) {
        __m512i front = first ? _mm512_setzero_si512() : _mm512_load_si512(sums);
        __m512i back = first ? _mm512_setzero_si512() : _mm512_load_si512(sums + 1);
        // What is read of memory is asked for two runs before.
        _mm_prefetch((const char *)(codes + 8 * stride + o), _MM_HINT_T0);
        if (pair) _mm_prefetch((const char *)(codes + 9 * stride + o), _MM_HINT_T0);
        add_found(&one, _mm512_loadu_si512(codes + o), &front, &back);
        if (pair) add_found(&two, _mm512_loadu_si512(codes + stride + o), &front, &back);
        if (!last) {
            _mm512_store_si512(sums, front);
            _mm512_store_si512(sums + 1, back);
            continue;
        }
        __m512i low = _mm512_permutex2var_epi64(front, natural_front, back);
        __m512i high = _mm512_permutex2var_epi64(front, natural_back, back);
        add_units(_mm512_castsi512_si256(low), units, totals + o);
        add_units(_mm512_extracti64x4_epi64(low, 1), units, totals + o + 16);
        add_units(_mm512_castsi512_si256(high), units, totals + o + 32);
        add_units(_mm512_extracti64x4_epi64(high, 1), units, totals + o + 48);
    }
}

// The outputs after the last 64, from planes.
LOOKUP_VBMI static void sum_tail(const uint8_t *tables, size_t positions, const uint8_t *codes, size_t stride,
                                 size_t from, size_t count, float unit, float *totals) {
    for (size_t o = from; o < count; o++) {
        int sum = 0;
        for (size_t p = 0; p < positions; p++) {
            const uint8_t *table = tables + p * TABLE;
            size_t code = codes[p * stride + o];
            sum += (int16_t)(table[code] | table[ENTRIES + code] << 8);
        }
        totals[o] += unit * (float)sum;
    }
}

LOOKUP_VBMI static void sum_vbmi(const uint8_t *tables, size_t positions, const uint8_t *codes, size_t stride,
                                 size_t count, float unit, float *totals) {
    __m512i sums[TILE / 32];
    size_t whole = count & ~(size_t)63;
    __m512 units = _mm512_set1_ps(unit);
    for (size_t p = 0; whole && p < positions; p += 2) {
        const uint8_t *table = tables + p * TABLE, *row = codes + p * stride;
        int pair = positions - p > 1, last = positions - p <= 2;
        if (p == 0 && !last) sum_pair(table, 1, row, stride, whole, 1, 0, sums, units, totals);
        else if (p == 0) sum_pair(table, pair, row, stride, whole, 1, 1, sums, units, totals);
        else if (!last) sum_pair(table, 1, row, stride, whole, 0, 0, sums, units, totals);
        else sum_pair(table, pair, row, stride, whole, 0, 1, sums, units, totals);
    }
    sum_tail(tables, positions, codes, stride, whole, count, unit, totals);
}
#endif

void octavo_lookup_sum(octavo_lookup_kernel kernel, const octavo_lookup_shape *s, size_t groups,
                       const uint8_t *tables, const float *units, const uint8_t *codes, const float *scales,
                       size_t first, size_t count, float *out) {
    sum_run *sum = sum_scalar;
#if defined(__x86_64__)
    if (kernel == OCTAVO_LOOKUP_AVX2) sum = sum_avx2;
    if (kernel == OCTAVO_LOOKUP_AVX512) sum = sum_avx512;
    if (kernel == OCTAVO_LOOKUP_VBMI) sum = sum_vbmi;
#endif
    (void)kernel;
    octavo_lookup_run runs = octavo_lookup_runs(s);
    for (size_t end = first + count; first < end; first += TILE) {
        size_t some = end - first < TILE ? end - first : TILE;
        float *totals = out + first;
        for (size_t o = 0; o < some; o++) totals[o] = 0;
        const float *unit = units;
        for (size_t g = 0; g < groups; g += runs.groups) {
            // The codebooks of a run are all there are, or there is one group.
            size_t groups_left = groups - g < runs.groups ? groups - g : runs.groups;
            for (size_t m = 0; m < s->codebooks; m += runs.codebooks) {
                size_t books = s->codebooks - m < runs.codebooks ? s->codebooks - m : runs.codebooks;
                size_t p = g * s->codebooks + m;
                sum(tables + p * TABLE, groups_left * books, codes + p * s->outputs + first, s->outputs, some, *unit++,
                    totals);
            }
        }
        for (size_t o = 0; o < some; o++) totals[o] *= scales[first + o];
    }
}
