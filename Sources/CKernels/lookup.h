#pragma once

#include <string.h>

#include "include/lookup.h"
#include "variants.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define LOOKUP_AVX2 __attribute__((target("avx2,fma,f16c")))
#define LOOKUP_AVX512                                                                                                \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512bw,avx512dq"), min_vector_width(512)))
#define LOOKUP_VBMI                                                                                                  \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512bw,avx512dq,avx512vbmi,avx512vnni"), min_vector_width(512)))
#endif

enum { ENTRIES = OCTAVO_LOOKUP_ENTRIES, TABLE = OCTAVO_LOOKUP_TABLE_BYTES };
