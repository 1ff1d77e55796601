#include "walk_options.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace filigree::app {
namespace {

/// 1 - damping in 15 digits, so that 0.85 is a teleport of 0.15 and no bit more.
double teleport_of(double damping) { return std::round((1 - damping) * 1e15) / 1e15; }

}  // namespace

void add_teleport(Command cli, double& teleport, const std::string& of) {
  Option option = cli.option("--teleport", teleport,
                             of + "teleport probability c = 1 - damping; c = 0.15 is damping 0.85 (igraph), alpha "
                                  "0.85 (networkx)")
                      .within("[0.0001, 1)");
  cli.option(
         "--damping",
         [&teleport, option](double damping) mutable {
           teleport = teleport_of(damping);
           option.default_text(Json(teleport).dump());  // for the record
         },
         of + "damping factor d = 1 - teleport, instead of --teleport")
      .within("(0, 0.9999]")
      .excludes(option);
}

void add_walk_options(Command cli, double& teleport, Dangling& dangling) {
  add_teleport(cli, teleport);
  cli.choice("--dangling", dangling,
             {{"source", Dangling::source},
              {"self", Dangling::self},
              {"uniform", Dangling::uniform},
              {"drop", Dangling::drop}},
             "what a walk does at a vertex without out-arcs: return to its source, stay, jump to "
             "any vertex, or end");
}

void note_teleport(App& program, double teleport) {
  const std::vector<OptionValue> options = program.cli.values();
  const bool is_given = std::ranges::any_of(
      options, [](const OptionValue& option) { return option.name == "teleport" && !option.given.empty(); });
  if (!is_given || teleport <= 0.5) return;
  program.note(text("--teleport ", teleport, " jumps back more often than it follows an arc; a damping factor is ",
                    "given by --damping ", teleport));
}

}  // namespace filigree::app
