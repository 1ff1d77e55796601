// A product that is larger than memory may be: rows of C come in batches to a function, and C is never whole.
#include <algorithm>
#include <cstdio>
#include <filigree/core/runtime.hpp>
#include <filigree/generate.hpp>
#include <filigree/spgemm.hpp>

int main(int argc, char** argv) {
  filigree::Runtime runtime(argc, argv);
  return runtime.run([&] {
    const filigree::Comm& comm = runtime.comm();
    const filigree::Graph a = filigree::generate::rmat(comm, 12, 16, 1);
    filigree::Offset nonzeros = 0, most_bytes = 0;
    double largest = 0;
    const auto look = [&](const filigree::spgemm::RowBatch<double>& batch) {  // rows that this rank owns, ascending
      nonzeros += batch.rows.num_nonzeros();
      most_bytes = std::max<filigree::Offset>(most_bytes, batch.rows.num_nonzeros() * 12 + batch.rows.num_rows() * 8);
      for (double value : batch.rows.val) largest = std::max(largest, value);
    };
    filigree::spgemm::multiply(a, a, look, {.memory_budget_bytes = 1 << 20});  // 1 MiB a rank
    nonzeros = comm.sum(nonzeros);
    largest = comm.max(largest);
    most_bytes = comm.max(most_bytes);
    if (comm.is_root()) {
      std::printf("%lld nonzeros, at most %g paths between two vertices\n", static_cast<long long>(nonzeros), largest);
      std::printf("%s\n", most_bytes <= 1 << 20 ? "no batch beyond 1 MiB" : "a batch beyond 1 MiB");
    }
    return 0;
  });
}
// Prints:
// 2388027 nonzeros, at most 530 paths between two vertices
// no batch beyond 1 MiB
