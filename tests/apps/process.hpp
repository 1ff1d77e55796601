// Running programs from a test.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace filigree::testing {

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Outcome {
  int code = -1;  ///< exit code, or minus the signal that ended it
  std::string out;
  std::string err;
  double seconds = 0;
};

/// A program started in a folder of its own, with what it prints kept in files there. It reads `input`.
class Process {
 public:
  Process(const std::vector<std::string>& command, const std::filesystem::path& folder,
          const std::string& input = "/dev/null")
      : out_(folder / "stdout"), err_(folder / "stderr") {
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ > 0) return;
    if (chdir(folder.c_str()) != 0) _exit(127);
    redirect(input.c_str(), O_RDONLY, 0);
    redirect(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 1);
    redirect(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 2);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (!is_over_) kill(pid_, SIGKILL), waitpid(pid_, nullptr, 0);
  }

  int pid() const { return pid_; }
  /// What it has printed so far.
  std::string out() const { return bytes_of(out_); }
  std::string err() const { return bytes_of(err_); }
  /// Processes that it started, as they are now: the ranks of an mpirun.
  std::vector<int> children() const {
    const std::string id = std::to_string(pid_);
    std::ifstream list("/proc/" + id + "/task/" + id + "/children");
    return {std::istream_iterator<int>(list), std::istream_iterator<int>()};
  }
  bool is_running() {
    int status = 0;
    if (!is_over_ && waitpid(pid_, &status, WNOHANG) == pid_) finish(status);
    return !is_over_;
  }
  /// Its outcome; the program is killed, and that is its outcome, if it takes longer than `patience_seconds`.
  Outcome wait(double patience_seconds = 100) {
    while (is_running()) {
      if (seconds() > patience_seconds) kill(pid_, SIGKILL);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return {code_, bytes_of(out_), bytes_of(err_), seconds_};
  }

 private:
  static void redirect(const char* path, int flags, int descriptor) {
    const int file = open(path, flags, 0666);
    if (file < 0 || dup2(file, descriptor) < 0) _exit(127);
    close(file);
  }
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  void finish(int status) {
    is_over_ = true;
    seconds_ = seconds();
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  std::filesystem::path out_;
  std::filesystem::path err_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  int pid_ = -1;
  bool is_over_ = false;
  int code_ = -1;
  double seconds_ = 0;
};

}  // namespace filigree::testing
