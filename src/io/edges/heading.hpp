// Headings: lines of an edge list that say what its columns hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filigree/io/read.hpp"

namespace filigree::io::edges {

/// Columns, from 0; -1: unknown.
struct FoundColumns {
  int source = -1;
  int target = -1;
  int weight = -1;
};

/// The columns that a heading names: those chosen by name, else source and target under one of their usual names (of
/// this project's files, Gephi, Neo4j, STRING, BioGRID, SNAP, ...), and a weight. Nothing if it names neither all that
/// is chosen by name nor source and target.
std::optional<FoundColumns> columns_of(const std::vector<std::string>& heading, const Columns& chosen);

/// A column chosen by its number, from 0; nothing for a name.
std::optional<int> column_number(const std::string& chosen);

/// "'Source' (1), 'Target' (2)"
std::string listed(const std::vector<std::string>& heading);

}  // namespace filigree::io::edges
