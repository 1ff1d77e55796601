// SciPy: csr_matrix @ csr_matrix, serial, in a process of its own that takes and gives matrices as files.
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/index.hpp"
#include "spgemm.hpp"

namespace filigree::bench {
namespace {

template <class T>
void write_array(const std::filesystem::path& path, std::span<const T> values) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
  if (!out.flush()) throw IoError(text(path.string(), ": cannot be written"));
}

template <class Values>
void read_array(const std::filesystem::path& path, Values& values) {
  const auto num_bytes = std::filesystem::file_size(path);
  values.resize(num_bytes / sizeof(values[0]));
  std::ifstream in(path, std::ios::binary);
  if (!in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(num_bytes)))
    throw IoError(text(path.string(), ": cannot be read"));
}

class ScipyPeer : public Peer {
 public:
  ScipyPeer(Rows rows, bool fresh) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw Error("scipy: no socket");
    process_ = fork();
    if (process_ == 0) {
      dup2(ends[1], STDIN_FILENO);
      dup2(ends[1], STDOUT_FILENO);
      if (!fresh) {
        setenv("MALLOC_MMAP_MAX_", "0", 1);
        setenv("MALLOC_TRIM_THRESHOLD_", "9223372036854775807", 1);
      }
      execl(FILIGREE_SCIPY_SCRIPT, FILIGREE_SCIPY_SCRIPT, rows == Rows::sorted ? "sorted" : "unsorted",
            static_cast<char*>(nullptr));
      _exit(127);
    }
    close(ends[1]);
    socket_ = ends[0];
    try {
      folder_ = answer();
    } catch (...) {
      stop();
      throw;
    }
  }
  ~ScipyPeer() override { stop(); }

  void prepare(const DistCsr<double>& a, const DistCsr<double>& b) override {
    write("a", a.local());
    write("b", b.local());
    num_cols_ = b.local().num_cols;
    ask(text("prepare ", a.num_rows(), " ", a.num_cols(), " ", b.num_cols()));
  }
  void multiply() override { timed_multiply(); }
  double timed_multiply() override { return std::stod(ask("multiply")); }
  Offset num_nonzeros() override { return std::stoll(ask("nonzeros")); }
  Csr<double> result() override {
    ask("result");
    Csr<double> c;
    c.num_cols = num_cols_;
    read_array(folder_ / "c.row_ptr", c.row_ptr);
    read_array(folder_ / "c.col", c.col);
    read_array(folder_ / "c.val", c.val);
    return c;
  }
  void release() override { ask("release"); }

 private:
  void stop() const {
    close(socket_);  // which ends it
    waitpid(process_, nullptr, 0);
  }
  void write(const std::string& name, CsrView<double> matrix) {
    const std::vector<std::int32_t> row_ptr(matrix.row_ptr.begin(), matrix.row_ptr.end());
    write_array(folder_ / (name + ".row_ptr"), std::span<const std::int32_t>(row_ptr));
    write_array(folder_ / (name + ".col"), matrix.col);
    write_array(folder_ / (name + ".val"), matrix.val);
  }
  std::string ask(const std::string& line) {
    const std::string request = line + "\n";
    if (send(socket_, request.data(), request.size(), MSG_NOSIGNAL) != std::ssize(request))
      throw Error(FILIGREE_SCIPY_SCRIPT " does not listen");
    return answer();
  }
  std::string answer() {
    std::string line;
    for (char byte = 0;; line += byte) {
      if (read(socket_, &byte, 1) != 1)
        throw Error(FILIGREE_SCIPY_SCRIPT " ended; it needs SciPy (Debian: python3-scipy)");
      if (byte == '\n') return line;
    }
  }

  std::filesystem::path folder_;  // which the script removes when it ends
  pid_t process_ = -1;
  int socket_ = -1;
  Local num_cols_ = 0;
};

}  // namespace

std::unique_ptr<Peer> make_scipy(Rows rows, bool fresh) { return std::make_unique<ScipyPeer>(rows, fresh); }

}  // namespace filigree::bench
