#include "ppr/push/batch_lanes.hpp"

namespace filigree::ppr {
namespace {

template <class T>
void enlarge(ZeroedArray<T>& values, std::size_t size) {
  ZeroedArray<T> larger(static_cast<Offset>(size));
  std::copy_n(values.data(), values.size(), larger.data());
  values = std::move(larger);
}

}  // namespace

void Lanes::reset() {
  std::fill_n(total_.data(), num_slots_, 0.0);
  for (auto* values : {&residual_, &pushed_}) std::fill_n(values->data(), num_slots_ * batch_width, 0.0);
}

void Lanes::clear() {
  reset();
  std::fill_n(limit_.data(), num_slots_, 1.0F);
  num_slots_ = 0;
}

std::size_t Lanes::add_slot(float limit, float weight) {
  if (num_slots_ == total_.size()) {
    const std::size_t whole_blocks = (max_slots_ + block_size - 1) / block_size * block_size;
    const std::size_t size = std::min(std::max<std::size_t>(4096, 2 * num_slots_), whole_blocks);
    for (auto* values : {&limit_, &weight_}) enlarge(*values, size);
    std::fill(limit_.data() + num_slots_, limit_.data() + size, 1.0F);  // 0 would find what is not there
    for (auto* values : {&residual_, &pushed_}) enlarge(*values, size * batch_width);
    enlarge(total_, size);  // last: its size says that all are large enough
  }
  limit_[num_slots_] = limit;
  weight_[num_slots_] = weight;
  return num_slots_++;
}

std::array<double, batch_width> Lanes::left() const {
  std::array<double, batch_width> sums;
  sum_lanes(residual_.data(), weight_.data(), static_cast<Offset>(num_slots_), sums.data());
  return sums;
}

double Lanes::count_only_off(const std::array<double, batch_width>& goals) {
  const std::array<double, batch_width> left_of = left();
  std::array<double, batch_width> factor{};
  double goal = 0;
  for (std::size_t l = 0; l < batch_width; ++l) {
    if (left_of[l] <= goals[l]) continue;
    factor[l] = 1;
    goal += goals[l];
  }
  if (goal > 0) sum_over_lanes(residual_.data(), factor.data(), static_cast<Offset>(num_slots_), total_.data());
  return goal;
}

Lanes::Large Lanes::large(std::span<const double> values, double most_missed, std::size_t enough) {
  static constexpr auto ones = [] {
    std::array<float, block_size> scale{};
    scale.fill(1);
    return scale;
  }();
  Large large;
  for (std::size_t first = 0; first < values.size(); first += batch_width) {
    for (std::size_t l = 0; l < batch_width; ++l) large.total[l] += values[first + l];
  }
  const double largest_total = *std::ranges::max_element(large.total);
  double least = enough > 0 ? largest_total / (4 * static_cast<double>(enough)) : most_missed / 16;
  const double all = 1e-15 * (enough > 0 ? least : largest_total);  // below, differences are rounding
  std::uint64_t wanted = ~std::uint64_t{0};                         // a bit for every lane that is not full, repeated
  static_assert(block_size == 4 * batch_width);
  constexpr std::uint64_t of_first_lane = 0x0001000100010001;
  for (double fall = 0.25; wanted != 0; least *= fall, fall *= 0.7) {
    if (least <= all) least = 0;
    for (std::size_t l = 0; l < batch_width; ++l) {
      if ((wanted >> l & 1) == 0) continue;
      large.missed[l] = large.total[l];
      large.of_lane[l].clear();
    }
    for (std::size_t first = 0; first < values.size(); first += block_size) {
      std::uint64_t found = at_least(values.data() + first, ones.data(), least) & wanted;
      for (; found != 0; found &= found - 1) {
        const std::size_t at = first + z(std::countr_zero(found));
        large.of_lane[at % batch_width].emplace_back(static_cast<Local>(at / batch_width), values[at]);
        large.missed[at % batch_width] -= values[at];
      }
    }
    for (std::size_t l = 0; l < batch_width; ++l) {
      if ((wanted >> l & 1) == 0) continue;
      large.missed[l] = least == 0 ? 0 : std::max(0.0, large.missed[l]);
      const bool is_full = enough > 0 ? large.of_lane[l].size() >= enough : large.missed[l] <= most_missed;
      if (is_full || least == 0) wanted &= ~(of_first_lane << l);
    }
  }
  return large;
}

}  // namespace filigree::ppr
