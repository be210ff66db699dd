#pragma once

/// The instruction sets a kernel may be compiled for, in increasing order.
typedef enum octavo_isa {
    OCTAVO_ISA_SCALAR = 0,
    OCTAVO_ISA_AVX2 = 1,
    OCTAVO_ISA_AVX512 = 2,
} octavo_isa;

/// Returns the best instruction set that this processor runs.
octavo_isa octavo_isa_best(void);
