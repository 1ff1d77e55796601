#include "spgemm/local/multiply_rows.hpp"

namespace filigree::spgemm {

template Stats multiply_at_most(Offset, CsrView<float>, CsrView<float>, Csr<float>&, const Options&,
                                const CsrView<float>*);
template Stats multiply(CsrView<float>, CsrView<float>, Csr<float>&, const Options&, const CsrView<float>*);

}  // namespace filigree::spgemm
