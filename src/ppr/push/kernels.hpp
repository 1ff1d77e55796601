// The innermost loops of queries, each in the instruction set of the processor at hand; the same bits in all.
#pragma once

#include <cstdint>

#include "filigree/core/types.hpp"
#include "ppr/tuning.hpp"

namespace filigree::ppr {

/// Bit i: amount[i] >= threshold * scale[i] for a block; a threshold below 2.2e-308 counts as that, so zeros never do.
std::uint64_t at_least(const double* amount, const float* scale, double threshold);

/// sum_i amount[i] * weight[i] over a block.
double weighted_sum(const double* amount, const float* weight);
/// sum_i amount[i] over a block.
double sum(const double* amount);

/// lanes[batch_width * to[k] + l] += share[l] * weight[k] for all k < count; weight null = all 1.
void add_lanes(double* lanes, const Local* to, const double* weight, Offset count, const double* share);

/// sums[l] = sum over i < count of lanes[batch_width * i + l] * weight[i].
void sum_lanes(const double* lanes, const float* weight, Offset count, double* sums);
/// totals[i] = sum over l of lanes[batch_width * i + l] * factor[l], i < count.
void sum_over_lanes(const double* lanes, const double* factor, Offset count, double* totals);

/// Pushes one of many residuals of lanes: what it has, and its part of total, which is the sum over lanes, goes times
/// `rate`, and times the weights if there are any, to all that it points to; pushed says what went.
void push_lanes(double* residual, double* pushed, double* total, Local from, double rate, const Local* to,
                const double* weight, Offset count);

/// values[block_size * lane + i] = sum over k in [ptr[i], ptr[i+1]) of value[k] lanes[batch_width * item[k] + lane], i
/// < count. Returns the lanes that have anything above 0, a bit each; the others may be left as they were.
std::uint32_t combine(const Offset* ptr, Local count, const std::uint16_t* item, const double* value,
                      const double* lanes, double* values);

/// Writes the values of a block that are above `least` to `kept`, and first + their positions to `at`; both have
/// capacity for eight more than are kept. Returns how many.
int keep_above(const double* values, double least, Global first, Global* at, double* kept);

}  // namespace filigree::ppr
