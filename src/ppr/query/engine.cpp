#include "ppr/query/engine.hpp"

#include <utility>

namespace filigree::ppr {
namespace {

constexpr const char* moved_from = "engine: it was moved from; only assignment and destruction are left to it";

}  // namespace

EngineState::EngineState(const ReplicatedGraph& replicated, std::shared_ptr<const Index> of_walks)
    : graph(replicated), index(std::move(of_walks)), comm(graph.comm()), tables(data_of(graph)) {}

DanglingPolicy EngineState::policy_for(const QueryOptions& options) {
  const double teleport = options.teleport;
  const double error = options.target_error;
  if (options.dangling != Dangling::uniform) return {options.dangling, teleport, {}};
  if (!solved || solved->teleport != teleport || solved->target_error != error) {
    solved.reset();  // its memory goes to the new one
    const DanglingPolicy policy(options.dangling, teleport, solve_uniform(*single.take(tables), teleport, error));
    solved = std::make_unique<const Solved>(Solved{teleport, error, policy});
  }
  return solved->policy;
}

Engine::Engine(const ReplicatedGraph& graph) : Engine(graph, std::shared_ptr<const Index>()) {}
Engine::Engine(const ReplicatedGraph& graph, Index index)
    : Engine(graph, std::make_shared<const Index>(std::move(index))) {}
Engine::Engine(const ReplicatedGraph& graph, std::shared_ptr<const Index> index)
    : state_(std::make_unique<EngineState>(graph, std::move(index))) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

const ReplicatedGraph& Engine::graph() const {
  require(state_ != nullptr, moved_from);
  return state_->graph;
}
EngineState& state_of(Engine& engine) {
  require(engine.state_ != nullptr, moved_from);
  return *engine.state_;
}

}  // namespace filigree::ppr
