#include "walk_options.hpp"

namespace filigree::app {

void add_teleport(Command cli, double& teleport, const std::string& of) {
  const Option option = cli.option("--teleport", teleport,
                                   of + "probability of a jump back at each step; 0.15 is what igraph calls damping "
                                        "0.85 and networkx alpha 0.85");
  cli.option(
         "--damping", [&teleport](double damping) { teleport = 1 - damping; },
         of + "1 - teleport, the other way to say it")
      .excludes(option);
}

void add_walk_options(Command cli, double& teleport, Dangling& dangling) {
  add_teleport(cli, teleport);
  cli.choice("--dangling", dangling,
             {{"source", Dangling::source},
              {"self", Dangling::self},
              {"uniform", Dangling::uniform},
              {"drop", Dangling::drop}},
             "where a walk goes from a vertex without out-arcs: back to where it began, nowhere else, "
             "anywhere, or it ends");
}

void note_teleport(App& program, double teleport) {
  if (teleport <= 0.5) return;
  program.note(text("--teleport ", teleport, " jumps back more often than it follows an arc; a damping factor is ",
                    "given by --damping ", teleport));
}

}  // namespace filigree::app
