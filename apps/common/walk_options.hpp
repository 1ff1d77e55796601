// Random walks on the command line.
#pragma once

#include <string>

#include "app.hpp"
#include "filigree/matrix/transition.hpp"

namespace filigree::app {

/// `--teleport`, and `--damping`, which is 1 - teleport. `of`: what help says before, "pagerank: ".
void add_teleport(Command cli, double& teleport, const std::string& of = "");
/// The same and `--dangling`: the walk that pagerank and ppr share.
void add_walk_options(Command cli, double& teleport, Dangling& dangling);
/// A note where --teleport looks like a damping factor.
void note_teleport(App& program, double teleport);

}  // namespace filigree::app
