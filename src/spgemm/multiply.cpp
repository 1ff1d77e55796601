// The product within a rank. Rows are packed into windows of about equal work, which threads take in order, several at
// a time, and make in place or as fragments (fragments.hpp): no row is counted in advance, and C is written once.
#include <omp.h>

#include <atomic>
#include <exception>

#include "core/cpu.hpp"
#include "core/parallel_for.hpp"
#include "filigree/spgemm.hpp"
#include "spgemm/checks.hpp"
#include "spgemm/fragments.hpp"
#include "spgemm/local.hpp"
#include "spgemm/row_maker.hpp"
#include "spgemm/semirings.hpp"
#include "spgemm/thesis.hpp"

namespace filigree::spgemm {
namespace {

struct Windows {
  std::vector<Local> begin;  ///< first rows and, last, the number of rows
  std::vector<Offset> work;  ///< products of each
  Offset products = 0;
  Offset most_nonzeros = 0;
};

/// Counts the products of every row, into products[row], and packs rows: chunks of them, each by one thread, so that no
/// window reaches over the end of a chunk. most_of_row(row, products): nonzeros it can have at most
template <class V, class Most>
Windows pack(CsrView<V> a, CsrView<V> b, Most most_of_row, Offset* products) {
  constexpr Offset chunk = Offset{1} << 11;
  const Offset num_rows = a.num_rows();
  std::vector<Windows> of_chunk(z((num_rows + chunk - 1) / chunk));
  parallel_for(std::ssize(of_chunk), [&](Offset i) {
    Windows windows;
    const Offset end = std::min(num_rows, (i + 1) * chunk);
    for (auto row = static_cast<Local>(i * chunk); row < end; ++row) {
      const Offset count = products_of_row(a, b, row);
      if (row == i * chunk || (windows.work.back() > 0 && windows.work.back() + count > window_products)) {
        windows.begin.push_back(row);
        windows.work.push_back(0);
      }
      windows.work.back() += count;
      products[row] = count;
      windows.products += count;
      windows.most_nonzeros += most_of_row(row, count);
    }
    of_chunk[z(i)] = std::move(windows);
  });
  Windows all;
  for (const Windows& windows : of_chunk) {
    all.begin.insert(all.begin.end(), windows.begin.begin(), windows.begin.end());
    all.work.insert(all.work.end(), windows.work.begin(), windows.work.end());
    all.products += windows.products;
    all.most_nonzeros += windows.most_nonzeros;
  }
  all.begin.push_back(a.num_rows());
  return all;
}

template <class Semiring, class V>
Stats multiply(Offset most_nonzeros, CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options,
               const CsrView<V>* mask) {
  const Local num_rows = a.num_rows();
  c.num_cols = b.num_cols;
  c.row_ptr.resize(z(num_rows) + 1);
  c.row_ptr[0] = 0;
  // Products, then lengths, then ends of rows.
  Offset* const of_row = c.row_ptr.data() + 1;
  const auto most_of_row = [&](Local row, Offset products) {
    return most_in_row(row, products, b, mask, options.complement);
  };
  const Windows windows = pack(a, b, most_of_row, of_row);
  const Offset num_windows = std::ssize(windows.begin) - 1;
  const Offset room = std::clamp<Offset>(most_nonzeros, 0, windows.most_nonzeros);
  // Cleared first: what is in them need not be copied when they grow.
  c.col.clear();
  c.val.clear();
  try {
    c.col.resize(z(room + RowMaker<Semiring, V>::slack));
    c.val.resize(z(room + RowMaker<Semiring, V>::slack));
  } catch (const std::bad_alloc&) {
    throw Error(text("multiply: no room for a product of up to ", room, " nonzeros, ", room * ProductBytes<V>::entry,
                     " bytes"));
  }

  Task<Semiring, V> task{{a, b, nullptr},     mask,          options.complement, options.sorted,
                         options.accumulator, sample_runs(b)};
  std::vector<V> ones;
  if (!b.has_values()) {
    Offset longest = 0;
    for (Local k = 0; k < b.num_rows(); ++k) longest = std::max(longest, b.degree(k));
    ones.assign(z(longest), V{1});
    task.factors.ones = ones.data();
  }
  if (mask == nullptr && task.kernels.tile != nullptr &&
      (options.accumulator == Accumulator::tile ||
       (options.accumulator == Accumulator::automatic && windows.products > 4 * std::ssize(b.col) &&
        task.runs.length * task.runs.sharing > 3))) {
    task.tiles.emplace(b);
    task.most_tiled = sample_runs(a).sharing > 1.5 ? most_tiled : 1;
  }
  if (mask == nullptr && task.kernels.repeat != nullptr &&
      (options.accumulator == Accumulator::repeat ||
       (options.accumulator == Accumulator::automatic && windows.products > 4 * std::ssize(b.col) && rows_repeat(b) &&
        rows_repeat(a)))) {
    task.shapes.emplace(b);
  }

  WindowLengths lengths(num_windows);
  std::atomic<Offset> next = 0;
  std::atomic<Offset> products_done = 0;
  std::atomic<bool> stop = false;
  std::exception_ptr failure;
  Counts counts;
  const auto num_threads = static_cast<int>(std::clamp<Offset>(num_windows, 1, omp_get_max_threads()));
  // The thread that has the first of all windows that are not made yet makes the others of its turn in place.
  const std::vector<Offset> turns = cut_turns(num_windows, num_threads, [&](Offset w) { return windows.work[z(w)]; });
  const Offset num_turns = std::ssize(turns) - 1;
#pragma omp parallel num_threads(num_threads)
  {
    const StandardArithmetic arithmetic;
    try {
      RowMaker<Semiring, V> rows(task);
      WriteBack<V> write_back(c, of_row, lengths, stop);
      const auto make_window = [&](Offset w) {
        const Local first = windows.begin[z(w)];
        const Local last = windows.begin[z(w) + 1];
        Offset most = 0;
        for (Local row = first; row < last; ++row) most += most_of_row(row, of_row[row]);
        const auto [col, val] = write_back.begin_window(w, first, last, most + RowMaker<Semiring, V>::slack);
        Offset length = 0;
        rows.begin_window(first);
        for (Local row = first; row < last;) {
          const auto [num, each] = rows.make(row, last, of_row[row], col + length, val + length);
          std::fill_n(of_row + row, num, each);
          row += num;
          length += num * each;
          write_back.keep_up(num * each);
        }
        write_back.end_window(length);
        products_done += windows.work[z(w)];
        if (options.progress && omp_get_thread_num() == 0) {
          const Offset done = products_done.load();
          if (done < windows.products) options.progress("multiply", done, windows.products);
        }
      };
      for (Offset turn = next++; turn < num_turns; turn = next++) {
        for (Offset w = turns[z(turn)]; w < turns[z(turn) + 1] && !stop; ++w) make_window(w);
      }
      write_back.finish();
#pragma omp critical(filigree_spgemm)
      {
        counts.scaled_rows += rows.counts.scaled_rows;
        counts.sorted_rows += rows.counts.sorted_rows;
        counts.listed_rows += rows.counts.listed_rows;
        counts.scattered_rows += rows.counts.scattered_rows;
        counts.tiled_rows += rows.counts.tiled_rows;
        counts.repeated_rows += rows.counts.repeated_rows;
      }
    } catch (...) {
      stop = true;
#pragma omp critical(filigree_spgemm)
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  if (options.progress) options.progress("multiply", windows.products, windows.products);
  return {{"products", windows.products},      {"nonzeros", c.num_nonzeros()},
          {"scaled_rows", counts.scaled_rows}, {"sorted_rows", counts.sorted_rows},
          {"listed_rows", counts.listed_rows}, {"scattered_rows", counts.scattered_rows},
          {"tiled_rows", counts.tiled_rows},   {"repeated_rows", counts.repeated_rows}};
}

}  // namespace

template <class V>
Stats multiply_at_most(Offset most_nonzeros, CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options,
                       const CsrView<V>* mask) {
  try {
    Stats stats = options.variant != Variant::automatic
                      ? multiply_as_in_thesis(most_nonzeros, a, b, c, options, mask)
                      : with_semiring<V>(options.semiring, [&](auto semiring) {
                          return multiply<decltype(semiring)>(most_nonzeros, a, b, c, options, mask);
                        });
    const Offset num_nonzeros = c.num_nonzeros();
    if (num_nonzeros > most_nonzeros) {
      c = Csr<V>();
    } else {
      c.col.resize(z(num_nonzeros));
      c.val.resize(z(num_nonzeros));
    }
    return stats;
  } catch (...) {
    c = Csr<V>();
    throw;
  }
}

template <class V>
Stats multiply(CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options, const CsrView<V>* mask) {
  check_arguments("multiply", a, b, mask, options);
  Stats stats = multiply_at_most(most_within_budget<V>(a.num_rows(), options), a, b, c, options, mask);
  check_budget<V>(a.num_rows(), stats["nonzeros"], options);
  return stats;
}

template Stats multiply_at_most(Offset, CsrView<double>, CsrView<double>, Csr<double>&, const Options&,
                                const CsrView<double>*);
template Stats multiply(CsrView<double>, CsrView<double>, Csr<double>&, const Options&, const CsrView<double>*);
template Stats multiply_at_most(Offset, CsrView<float>, CsrView<float>, Csr<float>&, const Options&,
                                const CsrView<float>*);
template Stats multiply(CsrView<float>, CsrView<float>, Csr<float>&, const Options&, const CsrView<float>*);
template Stats multiply_at_most(Offset, CsrView<std::int64_t>, CsrView<std::int64_t>, Csr<std::int64_t>&,
                                const Options&, const CsrView<std::int64_t>*);
template Stats multiply(CsrView<std::int64_t>, CsrView<std::int64_t>, Csr<std::int64_t>&, const Options&,
                        const CsrView<std::int64_t>*);

}  // namespace filigree::spgemm
