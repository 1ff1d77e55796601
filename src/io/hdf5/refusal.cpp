#include "io/hdf5/refusal.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "core/index.hpp"
#include "filigree/core/error.hpp"
#include "io/fields.hpp"
#include "io/hdf5/handles.hpp"

namespace filigree::io::hdf5 {
namespace {

std::string plugin_of(hid_t creation) {
  for (int i = 0; i < H5Pget_nfilters(creation); ++i) {
    unsigned flags = 0;
    std::size_t no_values = 0;
    char name[64] = {};
    const H5Z_filter_t filter =
        H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &no_values, nullptr, sizeof name, name, nullptr);
    if (H5Zfilter_avail(filter) <= 0)
      return text("is compressed by HDF5's filter ", filter, name[0] != '\0' ? text(" (", name, ")") : "",
                  ", a plugin; plugins are not loaded: compress it by gzip (h5repack -f GZIP=4 OLD NEW)");
  }
  return "";
}

double product(std::span<const hsize_t> lengths) {
  return std::accumulate(lengths.begin(), lengths.end(), 1.0,
                         [](double all, hsize_t one) { return all * static_cast<double>(one); });
}

}  // namespace

std::string refusal_of(hid_t dataset) {
  const Id creation(H5Dget_create_plist(dataset), H5Pclose);
  // Before its extent is asked for: that of a virtual dataset may depend on other files.
  if (H5Pget_layout(creation) == H5D_VIRTUAL || H5Pget_external_count(creation) != 0)
    return "its elements are stored outside this file; only the file itself is read";
  return plugin_of(creation);
}

std::string false_claim_of(hid_t dataset, Offset file_bytes) {
  constexpr double most_compressed = 1100;  // deflate gives 1032
  constexpr double always_allowed = 1 << 20;
  const Id creation(H5Dget_create_plist(dataset), H5Pclose);
  const Id space(H5Dget_space(dataset), H5Sclose);
  const Id type(H5Dget_type(dataset), H5Tclose);
  hsize_t lengths[H5S_MAX_RANK] = {};
  const int dimensions = std::max(0, H5Sget_simple_extent_dims(space, lengths, nullptr));
  double claimed = product(std::span(lengths, z(dimensions)));
  const bool is_chunked = H5Pget_layout(creation) == H5D_CHUNKED;
  if (is_chunked) {  // HDF5 unpacks whole chunks
    H5Pget_chunk(creation, H5S_MAX_RANK, lengths);
    claimed = std::max(claimed, product(std::span(lengths, z(dimensions))));
  }
  const double stored = std::min(static_cast<double>(H5Dget_storage_size(dataset)), static_cast<double>(file_bytes));
  if (claimed * static_cast<double>(H5Tget_size(type)) > always_allowed + (is_chunked ? most_compressed : 1) * stored)
    return text("claims ", claimed, " elements of ", H5Tget_size(type), " bytes, but only ", stored,
                " bytes are stored");
  return "";
}

}  // namespace filigree::io::hdf5
