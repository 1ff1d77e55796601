#include "graph_output.hpp"

#include <vector>

#include "filigree/core/error.hpp"

namespace filigree::app {

Option add_format_option(Command cli, const std::string& name, io::Format& format, bool to_write,
                         const std::string& help) {
  std::vector<std::pair<std::string, io::Format>> choices{{"auto", io::Format::automatic}};
  for (const io::FormatInfo& info : io::formats()) {
    if (info.writes || !to_write) choices.emplace_back(info.option, info.format);
  }
  return cli.choice(name, format, choices, help);
}

void GraphOutput::add_to(Command cli) {
  add_format_option(cli, "--output-format", asked_, true, "of the output; auto: by its extension");
}

void GraphOutput::check(const std::string& path) const {
  if (path.empty()) return;
  try {
    io::format_to_write(path, asked_);
  } catch (const Error& fault) {
    usage_error(text(fault.what(), asked_ == io::Format::automatic ? " by --output-format" : ""));
  }
}

}  // namespace filigree::app
