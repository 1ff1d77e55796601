// The product within a rank. Rows are packed into row blocks of about equal work, which threads take several at a time
// and make, each row by the kernel that suits it (row_maker.hpp). Where a row begins in C follows from the lengths of
// those before it:
//
//   staged   no row is counted in advance. Threads take row blocks in order and make them in C, if the lengths of all
//            before are known, or in staging buffers, which are moved (staging.hpp)
//   counted  where rows can be counted in a fraction of the time it takes to make them, because many have the same
//            length or come in runs of columns: each thread counts, and then makes, those of a part of C in place
//
// One thread alone makes all of C in place while there is capacity for the most that rows can have.
// It is compiled once for each type of values: multiply_double.cpp, ...
#pragma once

#include <omp.h>

#include <atomic>
#include <memory>
#include <numeric>

#include "core/arithmetic.hpp"
#include "core/parallel_for.hpp"
#include "spgemm/local/staging.hpp"
#include "spgemm/rows/checks.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm/rows/row_maker.hpp"
#include "spgemm/rows/semirings.hpp"
#include "spgemm/thesis/thesis.hpp"
#include "spgemm/tuning.hpp"

namespace filigree::spgemm {
namespace {

struct RowBlock {
  Local begin;      ///< its first row
  Offset products;  ///< of its rows
  Offset most;      ///< nonzeros they can have at most
};
struct RowBlocks {
  std::vector<RowBlock> blocks;  ///< and one that begins behind the last row
  Offset products = 0;           ///< of all
  Offset most_nonzeros = 0;

  Offset size() const { return std::ssize(blocks) - 1; }
  const RowBlock& operator[](Offset block) const { return blocks[z(block)]; }
};

/// Counts the products of every row, into products[row], and packs rows: chunks of them, of several row blocks, each by
/// one thread, so that no row block reaches over the end of a chunk. most_of_row(row, products): nonzeros it can have
/// at most
template <class V, class Most>
RowBlocks pack(CsrView<V> a, CsrView<V> b, Most most_of_row, Offset* products) {
  const Offset num_rows = a.num_rows();
  const Offset mean_products = std::max<Offset>(1, a.num_nonzeros() / std::max<Offset>(1, num_rows)) *
                               std::max<Offset>(1, b.num_nonzeros() / std::max<Offset>(1, b.num_rows()));
  const Offset chunk = std::clamp<Offset>(8 * tuning::block_products / mean_products, tuning::least_packed_rows,
                                          tuning::most_packed_rows);
  const auto of_chunk = parallel_tasks((num_rows + chunk - 1) / chunk, [&](Offset i) {
    std::vector<RowBlock> blocks;
    const Offset end = std::min(num_rows, (i + 1) * chunk);
    for (auto row = static_cast<Local>(i * chunk); row < end; ++row) {
      const Offset count = products_of_row(a, b, row);
      if (row == i * chunk || block_ends(a, blocks.back().begin, row, blocks.back().products, count))
        blocks.push_back({row, 0, 0});
      blocks.back().products += count;
      blocks.back().most += most_of_row(row, count);
      products[row] = count;
    }
    return blocks;
  });
  RowBlocks all;
  for (const std::vector<RowBlock>& blocks : of_chunk) {
    all.blocks.insert(all.blocks.end(), blocks.begin(), blocks.end());
    for (const RowBlock& block : blocks) {
      all.products += block.products;
      all.most_nonzeros += block.most;
    }
  }
  all.blocks.push_back({a.num_rows(), 0, 0});
  return all;
}

/// What all threads work at.
template <class Semiring, class V>
class Job {
 public:
  using Rows = RowMaker<Semiring, V>;

  /// of_row: products of the rows; becomes their lengths and then their ends in C
  Job(const Task<Semiring, V>& task, const RowBlocks& blocks, const Options& options, Offset* of_row, Csr<V>& c)
      : task_(task),
        blocks_(blocks),
        options_(options),
        num_threads_(static_cast<int>(std::clamp<Offset>(blocks.size(), 1, omp_get_max_threads()))),
        of_row_(of_row),
        c_(c),
        rows_(z(num_threads_)) {}

  /// Makes C, unless it has more nonzeros.
  void make(Offset most_nonzeros) {
    if (num_threads_ > 1 && task_.counts_quickly())
      make_counted(most_nonzeros);
    else
      make_staged(most_nonzeros);
  }

  /// Adds the rows by kernel.
  void count(Stats& stats) const {
    for (std::size_t kind = 0; kind < row_kind_names.size(); ++kind) {
      Offset& count = stats[row_kind_names[kind]];
      for (const auto& rows : rows_) count += rows ? rows->counts[kind] : 0;
    }
  }

 private:
  /// Rows are made without being counted. What C has no capacity for is only counted.
  void make_staged(Offset most_nonzeros) {
    const Offset nonzeros = std::clamp<Offset>(most_nonzeros, 0, blocks_.most_nonzeros);
    const Offset capacity = nonzeros + Rows::slack;
    reserve(nonzeros, capacity);
    RowBlockQueue queue(blocks_.size(), num_threads_, [&](Offset block) { return blocks_[block].products; });
    // Elements of a staging buffer. One larger than a row block of many rows is not kept.
    Offset usual = 0;
    for (const RowBlock& block : blocks_.blocks) usual = std::max(usual, block.most);
    usual = std::min(usual, tuning::most_in_group * tuning::block_products) + Rows::slack;
    on_all_threads([&](Rows& rows, int) {
      WriteBack<V> write_back(c_, capacity, of_row_, queue, usual, stop_);
      for (auto chunk = queue.take(); chunk && !stop_; chunk = queue.take()) {
        for (Offset block = chunk->begin; block < chunk->end && !stop_; ++block) make_block(rows, block, write_back);
      }
      write_back.finish();
    });
  }

  /// Rows are counted before they are made: where that is quick, each thread makes a part of C that is contiguous, and
  /// all of it in place. If there are more nonzeros than may be, they are only counted.
  void make_counted(Offset most_nonzeros) {
    chunks_ = cut_chunks(blocks_.size(), num_threads_, blocks_.size(), [&](Offset w) { return blocks_[w].products; });
    std::vector<Offset> slot(z(num_chunks()) + 1, 0);
    Shares to_count(num_chunks(), num_threads_);
    on_all_threads([&](Rows& rows, int) {
      for_chunks(to_count, [&](Offset chunk) { slot[z(chunk) + 1] = count_chunk(rows, chunk); });
    });
    std::partial_sum(slot.begin(), slot.end(), slot.begin());
    const bool fits = slot.back() <= most_nonzeros;
    if (fits) reserve(slot.back(), slot.back());
    Shares to_make(num_chunks(), num_threads_);
    on_all_threads([&](Rows& rows, int) {
      RowBuffer<V> buffer;
      for_chunks(to_make, [&](Offset chunk) {
        Offset end = slot[z(chunk)];
        for (Local row = first_row(chunk); row < first_row(chunk + 1); ++row) of_row_[row] = end += of_row_[row];
        if (fits) make_chunk(rows, chunk, slot[z(chunk)], buffer);
      });
    });
  }

  Offset num_chunks() const { return std::ssize(chunks_) - 1; }
  Local first_row(Offset chunk) const { return blocks_[chunks_[z(chunk)]].begin; }

  /// body(rows, thread): rows come back to the same thread the next time.
  template <class Body>
  void on_all_threads(Body body) {
    on_each_thread(
        num_threads_,
        [&](int thread) {
          const StandardArithmetic arithmetic;
          auto& rows = rows_[z(thread)];
          if (!rows) rows = std::make_unique<Rows>(task_);
          body(*rows, thread);
        },
        stop_);
  }

  /// Capacity for so many nonzeros, and for what is written behind them. The memory that C has is used again.
  void reserve(Offset nonzeros, Offset capacity) {
    c_.col.clear();
    c_.val.clear();
    reserve_product<V>(nonzeros, [&] {
      c_.col.reserve(z(capacity));
      c_.val.reserve(z(capacity));
    });
  }

  template <class Use>
  void for_chunks(Shares& shares, Use use) {
    const int thread = omp_get_thread_num();
    for (auto chunk = shares.take(thread); chunk && !stop_; chunk = shares.take(thread)) use(*chunk);
  }

  void make_block(Rows& rows, Offset block, WriteBack<V>& write_back) {
    const Local first = blocks_[block].begin;
    const Local last = blocks_[block + 1].begin;
    const auto [col, val] = write_back.begin_block(block, first, last, blocks_[block].most + Rows::slack);
    rows.begin_block(first);
    Offset length = 0;
    for (Local row = first; row < last;) {
      const auto [num, each] = rows.make(row, last, of_row_[row], col + length, val + length);
      std::fill_n(of_row_ + row, num, each);
      row += num;
      length += num * each;
      write_back.keep_up(num * each);
    }
    write_back.end_block(length);
    tell(block);
  }

  /// Counts the nonzeros of its rows, instead of products, and of all.
  Offset count_chunk(Rows& rows, Offset chunk) {
    Offset length = 0;
    for (Offset w = chunks_[z(chunk)]; w < chunks_[z(chunk) + 1]; ++w) {
      const Local last = blocks_[w + 1].begin;
      rows.begin_block(blocks_[w].begin);
      for (Local row = blocks_[w].begin; row < last;) {
        const auto [num, each] = rows.count(row, last, of_row_[row]);
        std::fill_n(of_row_ + row, num, each);
        row += num;
        length += num * each;
      }
    }
    return length;
  }

  /// Makes the rows of a chunk, whose ends are known, from `slot` on; aside, where they would write over those of
  /// others.
  void make_chunk(Rows& rows, Offset chunk, Offset slot, RowBuffer<V>& buffer) {
    const Offset end = of_row_[first_row(chunk + 1) - 1];
    for (Offset w = chunks_[z(chunk)]; w < chunks_[z(chunk) + 1] && !stop_; ++w) {
      const Local last = blocks_[w + 1].begin;
      rows.begin_block(blocks_[w].begin);
      for (Local row = blocks_[w].begin; row < last;) {
        const Offset products = products_of_row(task_.factors.a, task_.factors.b, row);
        const Local next = row + std::min(rows.most_at_once(), last - row);  // of the rows that are made now, or later
        const Offset most = std::max(of_row_[next - 1] - slot, rows.most_written(row, products)) + Rows::slack;
        Made made{};
        if (slot + most <= end) {
          made = rows.make(row, last, products, c_.col.data() + slot, c_.val.data() + slot);
        } else {
          buffer.hold(most);
          made = rows.make(row, last, products, buffer.col.data(), buffer.val.data());
          buffer.copy(made.rows * made.length, c_.col.data() + slot, c_.val.data() + slot);
        }
        row += made.rows;
        slot += made.rows * made.length;
      }
      tell(w);
    }
  }

  void tell(Offset block) {
    products_done_ += blocks_[block].products;
    if (!options_.progress || omp_get_thread_num() != 0) return;
    const Offset done = products_done_.load();
    if (done < blocks_.products) options_.progress("multiply", done, blocks_.products);
  }

  const Task<Semiring, V>& task_;
  const RowBlocks& blocks_;
  const Options& options_;
  int num_threads_;
  std::vector<Offset> chunks_;  // first row blocks of make_counted()
  Offset* of_row_;
  Csr<V>& c_;
  std::vector<std::unique_ptr<Rows>> rows_;  // by thread
  std::atomic<Offset> products_done_ = 0;
  std::atomic<bool> stop_ = false;
};

template <class Semiring, class V>
Stats multiply(Offset most_nonzeros, CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options, const Mask<V>& mask,
               RowMethod method) {
  c.num_cols = b.num_cols;
  c.row_ptr.resize(z(a.num_rows()) + 1);
  c.row_ptr[0] = 0;
  Offset* const of_row = c.row_ptr.data() + 1;

  Task<Semiring, V> task{{a, b, nullptr}, matrix_of(mask),    mask.complement,
                         method.sorted,   method.accumulator, sample_runs(b)};
  const RowBlocks blocks = pack(
      a, b, [&](Local row, Offset products) { return task.most_in_row(row, products); }, of_row);
  std::vector<V> ones;
  if (!b.has_values()) {
    Offset longest = 0;
    for (Local k = 0; k < b.num_rows(); ++k) longest = std::max(longest, b.degree(k));
    ones.assign(z(longest), V{1});
    task.factors.ones = ones.data();
  }
  task.look_for_structure(blocks.products);

  Job<Semiring, V> job(task, blocks, options, of_row, c);
  job.make(most_nonzeros);
  if (options.progress) options.progress("multiply", blocks.products, blocks.products);
  Stats stats{{"products", blocks.products}, {"nonzeros", c.num_nonzeros()}};
  job.count(stats);
  return stats;
}

}  // namespace

template <class V>
Stats multiply_at_most(Offset most_nonzeros, CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options,
                       const Mask<V>& mask, RowMethod method) {
  try {
    Stats stats = method.variant ? make_as_in_thesis(*method.variant, most_nonzeros, a, b, c, options, mask)
                                 : with_semiring<V>(options.semiring, [&](auto semiring) {
                                     return multiply<decltype(semiring)>(most_nonzeros, a, b, c, options, mask, method);
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
Stats multiply_by(RowMethod method, std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b, Csr<V>& c,
                  const Options& options, const std::type_identity_t<Mask<V>>& mask) {
  check_arguments("multiply", a, b, mask, options);
  Stats stats = multiply_at_most(most_within_budget<V>(a.num_rows(), options), a, b, c, options, mask, method);
  check_budget<V>(a.num_rows(), stats["nonzeros"], options);
  return stats;
}

template <class V>
Work multiply(std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b, Csr<V>& c, const Options& options,
              const std::type_identity_t<Mask<V>>& mask) {
  return timed([&] { return multiply_by({}, a, b, c, options, mask); });
}

template <class V>
Product<Csr<V>> multiply(const CsrView<V>& a, const std::type_identity_t<CsrView<V>>& b, const Options& options,
                         const std::type_identity_t<Mask<V>>& mask) {
  Csr<V> c;
  auto [timings, stats] = multiply(a, b, c, options, mask);
  return {std::move(c), std::move(timings), std::move(stats)};
}

template <class V>
Work multiply_unsorted(std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b, UnsortedCsr<V>& c,
                       const Options& options, const std::type_identity_t<Mask<V>>& mask) {
  Csr<V> rows{0, std::move(c.row_ptr), std::move(c.col), std::move(c.val)};  // whose memory is used again
  c = {};
  Work work = timed([&] { return multiply_by({.sorted = false}, a, b, rows, options, mask); });
  c = {rows.num_cols, std::move(rows.row_ptr), std::move(rows.col), std::move(rows.val)};
  return work;
}

template <class V>
Work multiply_as_in_thesis(Variant variant, std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b,
                           Csr<V>& c, const Options& options, const std::type_identity_t<Mask<V>>& mask) {
  return timed([&] { return multiply_by({.variant = variant}, a, b, c, options, mask); });
}

}  // namespace filigree::spgemm

/// All products within a rank, of a type of values.
#define FILIGREE_MULTIPLY_ROWS_OF(V)                                                                                   \
  template Stats multiply_at_most(Offset, CsrView<V>, CsrView<V>, Csr<V>&, const Options&, const Mask<V>&, RowMethod); \
  template Stats multiply_by(RowMethod, CsrView<V>, CsrView<V>, Csr<V>&, const Options&, const Mask<V>&);              \
  template Work multiply(CsrView<V>, CsrView<V>, Csr<V>&, const Options&, const Mask<V>&);                             \
  template Product<Csr<V>> multiply(const CsrView<V>&, const CsrView<V>&, const Options&, const Mask<V>&);             \
  template Work multiply_unsorted(CsrView<V>, CsrView<V>, UnsortedCsr<V>&, const Options&, const Mask<V>&);            \
  template Work multiply_as_in_thesis(Variant, CsrView<V>, CsrView<V>, Csr<V>&, const Options&, const Mask<V>&);
