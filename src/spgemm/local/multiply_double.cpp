#include "spgemm/local/multiply_rows.hpp"

namespace filigree::spgemm {

template Stats multiply_at_most(Offset, CsrView<double>, CsrView<double>, Csr<double>&, const Options&,
                                const CsrView<double>*);
template Stats multiply(CsrView<double>, CsrView<double>, Csr<double>&, const Options&, const CsrView<double>*);

}  // namespace filigree::spgemm
