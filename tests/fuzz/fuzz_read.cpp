// A reader must answer any bytes by what they hold or by an Error: graphs, dense matrices, labels of vertices.
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <string>
#include <string_view>

#include "filigree/core/runtime.hpp"
#include "filigree/io/read.hpp"
#include "filigree/io/read_dense.hpp"
#include "label_file.hpp"

namespace {

using namespace filigree;

std::string extension = "txt";
std::string file_path;
std::string read_path;  ///< differs from file_path for names beside a file

/// Both ways through every reader, as far as it knows them.
const io::ReadOptions ways[] = {
    {}, {.undirected = true, .weights = true, .ids = io::Ids::names, .policy = {Duplicates::sum, Loops::drop}}};

void read_graphs(const Comm& comm, const io::ReadOptions& options) {
  const io::GraphFile read = io::read(comm, read_path, options);
  read.graph.local().validate();
  if (read.names.vertices().num_items() != read.graph.num_rows()) std::abort();
}

void read_matrices(const Comm& comm, bool any_numbers) {
  const auto read =
      io::read_dense(comm, {read_path}, {any_numbers ? io::NotFinite::impute : io::NotFinite::refuse, any_numbers, {}});
  const DenseBlocks& blocks = read.blocks;
  if (blocks.blocks.num_items() != std::ssize(blocks.names)) std::abort();
  for (const Dense& block : blocks.local) {
    if (block.rows != blocks.rows || std::ssize(block.values) != block.rows * block.cols) std::abort();
    for (const double value : block.values) {
      if (!std::isfinite(value)) std::abort();
    }
  }
}

void read_labels(const Comm& comm, bool first_column) {
  const io::VertexNames names(Partition::uniform(5, 1));
  const app::LabelFile read =
      app::read_label_file(comm, read_path, names, first_column ? std::vector{2} : std::vector<int>());
  for (const app::LabelColumn& column : read.columns) {
    if (column.of.size() != 5) std::abort();
    for (const Global label : column.of) {
      if (label < -1 || label >= column.num_labels) std::abort();
    }
  }
}

}  // namespace

/// A header may promise more than there is memory: that is an Error too, so large requests fail as they would
/// elsewhere.
void* operator new(std::size_t bytes) {
  constexpr std::size_t most = std::size_t{256} << 20;
  void* const memory = bytes <= most ? std::malloc(bytes) : nullptr;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
extern "C" const char* __asan_default_options() { return "alloc_dealloc_mismatch=0"; }  // libFuzzer has its own new

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view option = "--extension=";
  for (int i = 1; i < *argc; ++i) {
    if (std::string_view((*argv)[i]).starts_with(option)) extension = (*argv)[i] + option.size();
  }
  // In memory if the system has such a folder.
  const char* const folder = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
  const std::string stem = text(folder, "/filigree-fuzz-", getpid(), ".");
  read_path = stem + (extension == "names" ? "mtx" : extension);
  file_path = extension == "names" ? read_path + ".names" : read_path;
  if (extension == "names") {
    std::ofstream(read_path) << "%%MatrixMarket matrix coordinate pattern general\n3 3 1\n1 2\n";
  }
  static Runtime* const runtime = new Runtime(*argc, *argv);  // lives until the process ends
  runtime->set_threads(1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::FILE* const file = std::fopen(file_path.c_str(), "wb");
  if (file == nullptr || std::fwrite(bytes, 1, size, file) < size || std::fclose(file) != 0) std::abort();
  static const Comm comm = Comm::self();
  for (const int way : {0, 1}) {
    try {
      if (extension.starts_with("dense.")) {
        read_matrices(comm, way == 1);
      } else if (extension == "labels") {
        read_labels(comm, way == 1);
      } else {
        read_graphs(comm, ways[way]);
      }
    } catch (const Error& error) {
      const std::string_view message = error.what();
      if (message.find("filigree-fuzz-") == message.npos && message.find("memory") == message.npos) {
        std::fprintf(stderr, "does not name the file: %s\n", error.what());
        std::abort();
      }
    }
  }
  return 0;
}
