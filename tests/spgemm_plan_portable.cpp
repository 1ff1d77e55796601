// Products with a plan, as processors without AVX-512 have them, and (FILIGREE_NO_AVX2) without AVX2. Linked before the
// library, it stands in for the library's own.
#include "core/cpu.hpp"

#define cpu_has_avx512() false
#ifdef FILIGREE_NO_AVX2
#define cpu_has_avx2() false
#endif

#include "spgemm/plan.cpp"
#include "spgemm/plan_product.cpp"
