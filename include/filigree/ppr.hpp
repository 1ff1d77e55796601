// Personalized PageRank: an index of random walks, built once, and queries that finish with it.
#pragma once

#include "filigree/ppr/compare.hpp"
#include "filigree/ppr/graph.hpp"
#include "filigree/ppr/index.hpp"
#include "filigree/ppr/query.hpp"
