// The loaders behind HDF5: a good file, of which attributes and arrays are replaced by what the fuzzer says, is refused
// by an Error or loads. HDF5's own bytes stay whole, as its parser is not ours, and the checksums are made anew, as who
// forges a file can do.
//
//   fuzz_results --template=templates/tree.h5 [libFuzzer's flags] FOLDER
//
// An input is a list of changes: a byte for the attribute or array, a byte for what is done, and numbers.
#include <hdf5.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "filigree/communities_file.hpp"
#include "filigree/core/runtime.hpp"
#include "filigree/io/read.hpp"
#include "filigree/ppr_file.hpp"
#include "filigree/summary_file.hpp"
#include "filigree/svd_clustering_file.hpp"
#include "io/hdf5/checksums.hpp"

namespace {

using namespace filigree;
namespace fs = std::filesystem;

std::string kind;  // graph, index, summary, tree, clusters
std::string template_path;
std::string path;

struct Place {
  std::string object;
  std::string attribute;  ///< empty: the dataset itself
};
std::vector<Place> places;

herr_t add_attribute(hid_t object, const char* name, const H5A_info_t*, void*) {
  std::string of(256, '\0');
  of.resize(static_cast<std::size_t>(std::max<ssize_t>(0, H5Iget_name(object, of.data(), of.size()))));
  places.push_back({of, name});
  return 0;
}
herr_t add_object(hid_t file, const char* name, const H5O_info_t* info, void*) {
  if (info->type == H5O_TYPE_DATASET) places.push_back({name, ""});
  const hid_t object = H5Oopen(file, name, H5P_DEFAULT);
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, add_attribute, nullptr);
  H5Oclose(object);
  return 0;
}

/// The bytes of an input, and zeros behind them.
struct Input {
  const std::uint8_t* at;
  const std::uint8_t* end;

  bool is_empty() const { return at == end; }
  std::uint8_t byte() { return is_empty() ? 0 : *at++; }
  /// Small, at a limit, or anything.
  std::int64_t number() {
    const std::uint8_t first = byte();
    constexpr std::int64_t limits[] = {std::numeric_limits<std::int64_t>::min(),
                                       std::numeric_limits<std::int64_t>::max(), std::int64_t{1} << 31,
                                       std::int64_t{1} << 32, (std::int64_t{1} << 40) + 1};
    if (first < 240) return first - 20;
    if (first < 240 + std::size(limits)) return limits[first - 240];
    std::int64_t any = 0;
    for (int i = 0; i < 8; ++i) any = (any << 8) | byte();
    return any;
  }
  double real() {
    const std::int64_t any = number();
    double value = 0;
    if (any > -100 && any < 300) return static_cast<double>(any) / 16;
    std::memcpy(&value, &any, sizeof value);
    return value;
  }
};

/// One value of any numeric type, or a text, at `bytes`, `length` of them.
void put_value(Input& input, hid_t type, char* bytes) {
  const std::size_t size = H5Tget_size(type);
  if (H5Tget_class(type) == H5T_STRING) {
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(input.byte());
  } else if (H5Tget_class(type) == H5T_FLOAT && size == sizeof(double)) {
    const double value = input.real();
    std::memcpy(bytes, &value, size);
  } else if (H5Tget_class(type) == H5T_FLOAT) {
    const auto value = static_cast<float>(input.real());
    std::memcpy(bytes, &value, size);
  } else {
    const std::int64_t value = input.number();
    std::memcpy(bytes, &value, size);
  }
}

void change_attribute(hid_t file, const Place& place, Input& input) {
  const hid_t object = H5Oopen(file, place.object.c_str(), H5P_DEFAULT);
  if (input.byte() % 8 == 0) {
    H5Adelete(object, place.attribute.c_str());
  } else if (H5Aexists(object, place.attribute.c_str()) > 0) {
    const hid_t attribute = H5Aopen(object, place.attribute.c_str(), H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute);
    std::vector<char> bytes(H5Aget_storage_size(attribute));
    H5Aread(attribute, type, bytes.data());
    const std::size_t size = H5Tget_size(type);
    put_value(input, type, bytes.data() + input.byte() % (bytes.size() / size) * size);
    H5Awrite(attribute, type, bytes.data());
    H5Tclose(type);
    H5Aclose(attribute);
  }
  H5Oclose(object);
}

void change_dataset(hid_t file, const Place& place, Input& input) {
  if (H5Lexists(file, place.object.c_str(), H5P_DEFAULT) <= 0) return;
  const hid_t dataset = H5Dopen2(file, place.object.c_str(), H5P_DEFAULT);
  const hid_t type = H5Dget_type(dataset);
  const hid_t space = H5Dget_space(dataset);
  const std::size_t size = H5Tget_size(type);
  std::vector<char> bytes(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)) * size);
  if (!bytes.empty()) H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
  const std::uint8_t what = input.byte() % 16;
  if (what < 4) {  // another length, or none
    H5Ldelete(file, place.object.c_str(), H5P_DEFAULT);
    const auto length = static_cast<std::size_t>(input.byte()) / (what == 1 ? 8U : 1U);
    hsize_t dims[] = {what == 2 ? bytes.size() / size + 1 : length};
    if (what > 0) {
      bytes.resize(dims[0] * size);
      const hid_t other = H5Screate_simple(1, dims, nullptr);
      const hid_t made = H5Dcreate2(file, place.object.c_str(), type, other, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
      if (!bytes.empty()) H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
      H5Dclose(made);
      H5Sclose(other);
    }
  } else if (!bytes.empty()) {
    for (int count = what % 4; count >= 0; --count) {
      const std::size_t at = (std::size_t{input.byte()} << 8 | input.byte()) % (bytes.size() / size);
      put_value(input, type, bytes.data() + at * size);
    }
    H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
  }
  H5Sclose(space);
  H5Tclose(type);
  H5Dclose(dataset);
}

void make_file(const Comm& comm, Input input) {
  fs::copy_file(template_path, path, fs::copy_options::overwrite_existing);
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  if (file < 0) std::abort();
  for (int changes = 0; !input.is_empty() && changes < 8; ++changes) {
    const Place& place = places[input.byte() % places.size()];
    place.attribute.empty() ? change_dataset(file, place, input) : change_attribute(file, place, input);
  }
  H5Fclose(file);
  io::hdf5::append_checksums(comm, path, {});
}

void load(const Comm& comm) {
  if (kind == "graph") {
    const io::GraphFile read = io::read(comm, path);
    read.graph.local().validate();
    if (read.names.vertices().num_items() != read.graph.num_rows()) std::abort();
  } else if (kind == "index") {
    const auto index = ppr::load(comm, path);
    if (index.visits.num_rows() != index.sources.size(0)) std::abort();
  } else if (kind == "summary") {
    const io::Hdf5Reader file(comm, path);
    summary::load(comm, file).superedges.local().validate();
    summary::load_merges(file).validate();
  } else if (kind == "tree") {
    communities::load(comm, path).dendrogram.validate();
  } else if (kind == "clusters") {
    const auto file = svd_clustering::load(comm, path);
    if (file.result.coefficients.size() != file.names.size()) std::abort();
  } else {
    std::abort();
  }
}

}  // namespace

/// A file may claim more than there is memory: that is an Error too, so large requests fail as they would elsewhere.
void* operator new(std::size_t bytes) {
  constexpr std::size_t most = std::size_t{256} << 20;
  void* const memory = bytes <= most ? std::malloc(bytes) : nullptr;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
extern "C" const char* __asan_default_options() {
  return "alloc_dealloc_mismatch=0:detect_leaks=0";
}  // HDF5's and MPI's

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view option = "--template=";
  for (int i = 1; i < *argc; ++i) {
    if (std::string_view((*argv)[i]).starts_with(option)) template_path = (*argv)[i] + option.size();
  }
  kind = fs::path(template_path).stem();
  path = text(fs::is_directory("/dev/shm") ? "/dev/shm" : "/tmp", "/filigree-fuzz-", getpid(), ".", kind, ".h5");
  static Runtime* const runtime = new Runtime(*argc, *argv);  // lives until the process ends
  runtime->set_threads(1);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const hid_t file = H5Fopen(template_path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, add_object, nullptr, H5O_INFO_BASIC);
  H5Fclose(file);
  return places.empty() ? 1 : 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const Comm comm = Comm::self();
  make_file(comm, {bytes, bytes + size});
  try {
    load(comm);
  } catch (const Error& error) {
    // The message names the file.
    const std::string_view what = error.what();
    if (what.find("filigree-fuzz-") == std::string_view::npos && what.find("memory") == std::string_view::npos)
      std::abort();
  }
  return 0;
}
