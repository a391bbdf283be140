/* Hot loops are compiled for several instruction sets and chosen at load time. The
 * sanitizers cannot run before the loader's choice is made, so there it is off. */
#ifndef WEFT_CORE_SIMD_H
#define WEFT_CORE_SIMD_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WEFT__SIMD \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WEFT__SIMD
#endif

#endif
