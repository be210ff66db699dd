#pragma once

#include "isa.h"

// One body, several instruction sets. A kernel is written once, as an OCTAVO_BODY function called
// NAME_body whose loops the compiler can vectorise. OCTAVO_VARIANTS compiles it for the baseline,
// for AVX2 and for AVX-512, and defines NAME, which takes the instruction set before the other
// parameters. Sums are formed in an order that suits the vector width: variants agree to rounding,
// and each by itself always gives the same bits.

#define OCTAVO_BODY static inline __attribute__((always_inline))

// Lets the compiler reorder the sums of the block that it begins.
#define OCTAVO_ANY_ORDER _Pragma("clang fp reassociate(on) contract(fast)")

#define OCTAVO_WITH_ISA(...) (octavo_isa isa, __VA_ARGS__)

#if defined(__x86_64__)
#define OCTAVO_VARIANTS(type, name, parameters, arguments)                                         \
    static type name##_scalar parameters { return name##_body arguments; }                         \
    __attribute__((target("avx2,fma,f16c"))) static type name##_avx2 parameters {                  \
        return name##_body arguments;                                                              \
    }                                                                                              \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512bw,avx512dq"),                     \
                   min_vector_width(512))) static type name##_avx512 parameters {                  \
        return name##_body arguments;                                                              \
    }                                                                                              \
    type name OCTAVO_WITH_ISA parameters {                                                         \
        switch (isa) {                                                                             \
        case OCTAVO_ISA_AVX512: return name##_avx512 arguments;                                    \
        case OCTAVO_ISA_AVX2: return name##_avx2 arguments;                                        \
        default: return name##_scalar arguments;                                                   \
        }                                                                                          \
    }
#else
#define OCTAVO_VARIANTS(type, name, parameters, arguments)                                         \
    type name OCTAVO_WITH_ISA parameters {                                                         \
        (void)isa;                                                                                 \
        return name##_body arguments;                                                              \
    }
#endif
