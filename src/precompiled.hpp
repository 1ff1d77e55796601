// Headers that most sources include, parsed once where nothing keeps objects (FILIGREE_PRECOMPILED_HEADERS): a third of
// what a small source takes. Sources still include what they use.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "filigree/core/comm.hpp"
#include "filigree/core/error.hpp"
#include "filigree/core/timing.hpp"
#include "filigree/core/types.hpp"
#include "filigree/matrix/dist_csr.hpp"
