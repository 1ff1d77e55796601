#include "files.hpp"

#include <sys/stat.h>

#include <filesystem>

#include "filigree/core/error.hpp"
#include "filigree/io/unfinished.hpp"

namespace filigree::app {
namespace {

namespace fs = std::filesystem;

struct NamedFile {
  std::string path;
  std::string shown;  ///< "--json run.json"
};

/// A regular file by its place on disk, one that is not there yet by its path; "" = neither.
std::string identity_of(const std::string& path) {
  struct stat status {};
  std::error_code failed;
  if (stat(path.c_str(), &status) == 0) return S_ISREG(status.st_mode) ? text(status.st_dev, ' ', status.st_ino) : "";
  return fs::weakly_canonical(fs::absolute(path, failed), failed);
}

/// Those named by options of this role, and what lies or will lie beside them.
std::vector<NamedFile> files_of(const std::vector<OptionValue>& options, FileRole role) {
  std::vector<NamedFile> files;
  for (const OptionValue& option : options) {
    if (option.file_role != role) continue;
    for (const std::string& path : option.given) {
      if (path.empty() || path == "-") continue;
      files.push_back({path, text(option.as_written, ' ', path)});
      if (role != FileRole::output) files.push_back({path + ".names", text(option.as_written, ' ', path, ".names")});
    }
  }
  return files;
}

std::vector<NamedFile> inputs_of(const std::vector<OptionValue>& options) {
  std::vector<NamedFile> files = files_of(options, FileRole::input);
  for (const auto& [path, shown] : std::vector(files)) {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(path, failed)) {
      if (entry.path().extension() == ".npy") files.push_back({entry.path(), text(shown, ": ", entry.path().native())});
    }
  }
  std::erase_if(files, [](const NamedFile& file) {
    std::error_code failed;
    return !fs::exists(file.path, failed);
  });
  return files;
}

std::vector<NamedFile> outputs_of(const std::vector<OptionValue>& options) {
  std::vector<NamedFile> files = files_of(options, FileRole::output);
  const std::vector<NamedFile> graphs = files_of(options, FileRole::graph_output);
  files.insert(files.end(), graphs.begin(), graphs.end());
  return files;
}

}  // namespace

std::string conflict_of_files(const std::vector<OptionValue>& options) {
  const std::vector<NamedFile> inputs = inputs_of(options);
  const std::vector<NamedFile> outputs = outputs_of(options);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string identity = identity_of(outputs[i].path);
    if (identity.empty()) continue;
    for (const NamedFile& input : inputs) {
      if (identity_of(input.path) == identity)
        return text(outputs[i].shown, " is the same file as ", input.shown,
                    ", and no input is written over; give another name");
    }
    for (std::size_t k = 0; k < i; ++k) {
      if (identity_of(outputs[k].path) == identity)
        return text(outputs[i].shown, " and ", outputs[k].shown, " are the same file; give one of them another name");
    }
  }
  return "";
}

std::vector<std::string> prepare_outputs(const std::vector<OptionValue>& options) {
  std::vector<std::string> lines;
  for (const NamedFile& output : outputs_of(options)) {
    io::expect_writable(output.path);
    const io::AbandonedFiles left = io::remove_abandoned_files(output.path);
    for (const std::string& file : left.removed)
      lines.push_back(text("removed ", file, ", left by a job that was killed"));
    for (const std::string& file : left.in_doubt)
      lines.push_back(
          text(file, " is there: of a job at work, perhaps on another host, or left by one that was killed"));
  }
  return lines;
}

}  // namespace filigree::app
