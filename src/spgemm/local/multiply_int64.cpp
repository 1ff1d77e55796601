#include "spgemm/local/multiply_rows.hpp"

namespace filigree::spgemm {

template Stats multiply_at_most(Offset, CsrView<std::int64_t>, CsrView<std::int64_t>, Csr<std::int64_t>&,
                                const Options&, const CsrView<std::int64_t>*);
template Stats multiply(CsrView<std::int64_t>, CsrView<std::int64_t>, Csr<std::int64_t>&, const Options&,
                        const CsrView<std::int64_t>*);

}  // namespace filigree::spgemm
